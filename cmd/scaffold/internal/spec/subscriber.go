package spec

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Event is one that a module of the project publishes, as it stands in that module's leaf package.
type Event struct {
	Type    string `json:"type"`    // order.placed.v1
	Leaf    string `json:"leaf"`    // the folder of the package that has its struct: modules/order/orderapi
	Struct  string `json:"struct"`  // the name of that: PlacedV1
	Subject string `json:"subject"` // the member of its JSON that EventSubject gives; empty: not known
}

// Name is the type without the version: order.placed.
func (e Event) Name() string { return e.Type[:strings.LastIndex(e.Type, ".")] }

// Subscriber is what a module does about an event.
type Subscriber struct {
	Event

	Do   string `json:"do,omitempty"` // the operation that it carries out; empty: it writes the event in the log
	By   string `json:"by,omitempty"` // on those entities that have the event's subject in this field
	Name string `json:"name"`         // of the subscription, for ever: invoice.order_placed
}

// Go is the name of the service's method: OrderPlaced.
func (s Subscriber) Go() string { return GoName(strings.ReplaceAll(s.Event.Name(), ".", "_")) }

// Implied fills in what follows from the rest: its name, and the field that says whom the event is about, which is called
// like the subject where that is product_id, and order_id for an event of an order whose subject is id.
func (s Subscriber) Implied(m Module) Subscriber {
	if s.Name == "" {
		s.Name = m.Package() + "." + strings.ReplaceAll(s.Event.Name(), ".", "_")
	}
	if noun, _, _ := strings.Cut(s.Type, "."); s.Do != "" && s.By == "" {
		s.By = noun + "_id"
		if strings.HasSuffix(s.Subject, "_id") {
			s.By = s.Subject
		}
	}
	return s
}

// operation finds one of the module's own; ok is false when there is none of the name.
func (m Module) operation(name string) (o Operation, ok bool) {
	at := slices.IndexFunc(m.Operations, func(o Operation) bool { return o.Name == name })
	if at < 0 {
		return Operation{}, false
	}
	return m.Operations[at], true
}

func (m Module) checkSubscribers() error {
	methods, events := owners{}, owners{}
	for _, o := range m.Operations {
		methods[o.Go()] = "the operation " + o.Name
	}
	for _, s := range m.Subscribers {
		if err := events.claim(s.Event.Name(), s.Type, "handled by"); err != nil {
			return fmt.Errorf("the event %s is handled already: %s", s.Event.Name(), events[s.Event.Name()])
		}
		if owner, claimed := methods[s.Go()]; claimed {
			return fmt.Errorf("the event %s: %s has the method %s already", s.Type, owner, s.Go())
		}
		if err := s.check(m); err != nil {
			return fmt.Errorf("the event %s: %w", s.Type, err)
		}
	}
	return nil
}

func (s Subscriber) check(m Module) error {
	if s.Do == "" {
		if s.By != "" {
			return fmt.Errorf("say which operation is carried out on those that have its subject in %s: --do", s.By)
		}
		return nil
	}
	o, known := m.operation(s.Do)
	switch {
	case !known:
		return fmt.Errorf("%s has no operation %q to carry out: add it with scaffold operation %s %s", m.Name, s.Do, m.Name, s.Do)
	case o.Method == http.MethodGet:
		return fmt.Errorf("the operation %s only reads", s.Do)
	case s.Subject == "":
		return fmt.Errorf("which member of it is its subject cannot be read from %s", s.Leaf)
	}
	at := slices.IndexFunc(m.Fields, func(f Field) bool { return f.Name == s.By })
	switch {
	case at < 0:
		return fmt.Errorf("%s has no field %q that says whom it is about: name one with --by", m.Name, s.By)
	case m.Fields[at].Type != UUID && m.Fields[at].Type != String:
		return fmt.Errorf("%s is a %s, and cannot be the subject of an event", s.By, m.Fields[at].Type)
	case !m.Fields[at].Index && !m.Fields[at].Unique:
		return fmt.Errorf("%s has no index to find them by: it must be %s:%s:index", s.By, s.By, m.Fields[at].Type)
	}
	return nil
}
