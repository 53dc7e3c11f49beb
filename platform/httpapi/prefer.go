package httpapi

import "strings"

// Prefer is embedded in the input of an operation that can also be carried out in the background.
type Prefer struct {
	Preference string `header:"Prefer" doc:"With respond-async the answer is 202 with a task, and the work goes on in the background (RFC 7240)"`
}

// Async tells whether the client asks for that.
func (p Prefer) Async() bool {
	for preference := range strings.SplitSeq(p.Preference, ",") {
		name, _, _ := strings.Cut(preference, ";")
		if strings.EqualFold(strings.TrimSpace(name), RespondAsync) {
			return true
		}
	}
	return false
}

// RespondAsync is the preference, as Preference-Applied repeats it.
const RespondAsync = "respond-async"
