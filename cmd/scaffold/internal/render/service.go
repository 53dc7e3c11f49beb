package render

import "strings"

// part is something that the service of a module is made of, as its constructor takes it.
type part struct{ name, kind, test string }

// parts are those of the service, with what the tests put in their place.
func (v view) parts(outbox string) []part {
	all := []part{{"repo", "*Repository", "r"}}
	if len(v.Events) > 0 {
		all = append(all, part{"events", "*outbox.Outbox", outbox})
	}
	if len(v.Enqueued()) > 0 {
		all = append(all, part{"background", "*tasks.Tasks", "newTasks(t, databases)"})
	}
	all = append(all, part{"now", "clock.Clock", "clock.Fixed(noon)"})
	if v.Logging() {
		all = append(all, part{"logger", "*slog.Logger", "testkit.Quiet()"})
	}
	return all
}

func (v view) join(outbox string, show func(part) string) string {
	var all []string
	for _, p := range v.parts(outbox) {
		all = append(all, show(p))
	}
	return strings.Join(all, ", ")
}

// Parameters are those of NewService.
func (v view) Parameters() string {
	return v.join("", func(p part) string { return p.name + " " + p.kind })
}

// Members are those of the service's literal in it.
func (v view) Members() string {
	return v.join("", func(p part) string { return p.name + ": " + p.name })
}

// Arguments are what a test calls it with; outbox is where the events go.
func (v view) Arguments(outbox string) string {
	return v.join(outbox, func(p part) string { return p.test })
}

// LoggedArguments are the same with a log that the test reads.
func (v view) LoggedArguments(outbox string) string {
	return v.join(outbox, func(p part) string {
		if p.name == "logger" {
			return "logger"
		}
		return p.test
	})
}
