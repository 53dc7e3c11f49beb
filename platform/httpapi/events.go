package httpapi

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/problem"
)

// EventsType is the media type of server-sent events, for Operation.Produces.
const EventsType = "text/event-stream"

const (
	heartbeat    = 15 * time.Second // between two signs of life, so that nobody on the way takes the stream for dead
	eventTimeout = 10 * time.Second // for a client to take what is sent to it
	reconnect    = 2 * time.Second  // what a client is asked to wait before it comes back
)

// Event is one server-sent event.
type Event struct {
	ID   string // what a client that comes back sends as Last-Event-ID; may be empty
	Name string
	Data any // written as JSON
}

// Events is the output of an operation that answers with server-sent events. It is made by Watch.
type Events struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	Buffering    string `header:"X-Accel-Buffering"`
	Body         func(huma.Context)
}

// Watch makes a stream of events: what watch sends, until it returns. Its ctx ends with the client, after
// Operation.Timeout, and when the server drains: clients come back by themselves, to another replica. An error before the
// first event becomes a problem document; one after it is logged and ends the stream, and the client comes back.
func Watch(watch func(ctx context.Context, stream *EventStream) error) *Events {
	events := &Events{ContentType: EventsType, CacheControl: "no-store", Buffering: "no"}
	events.Body = func(hctx huma.Context) {
		x := exchangeOf(hctx.Context())
		if x.head {
			return
		}
		ctx, cancel := context.WithCancel(hctx.Context())
		defer cancel()
		if x.group != nil {
			defer context.AfterFunc(x.group.api.draining, cancel)()
		}
		stream := &EventStream{writer: hctx.BodyWriter(), connection: http.NewResponseController(humagin.Unwrap(hctx).Writer)}
		err := watch(ctx, stream)
		switch {
		case err == nil, x.answer.begun() && ctx.Err() != nil:
		case x.answer.begun():
			_ = report(ctx, fmt.Errorf("stream events: %w", err))
		default:
			answerProblem(hctx, err)
		}
	}
	return events
}

// EventStream is a stream of events to one client. It is used by one goroutine.
type EventStream struct {
	writer     io.Writer
	connection *http.ResponseController
	last       time.Time // of what was sent
}

// Send sends an event at once.
func (s *EventStream) Send(event Event) error {
	var text bytes.Buffer
	if s.last.IsZero() {
		fmt.Fprintf(&text, "retry: %d\n", reconnect.Milliseconds())
	}
	if event.ID != "" {
		fmt.Fprintf(&text, "id: %s\n", event.ID)
	}
	fmt.Fprintf(&text, "event: %s\ndata: ", event.Name)
	if err := jsonFormat.Marshal(&text, event.Data); err != nil { // one line, with its end
		return fmt.Errorf("encode the event %s: %w", event.Name, err)
	}
	text.WriteByte('\n')
	return s.write(text.Bytes())
}

// Wait lets some time pass, and keeps the connection alive meanwhile. The error is that of ctx when it ends before, that
// of the connection, or that of auth.Recheck.
func (s *EventStream) Wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := auth.Recheck(ctx); err != nil {
		return err
	}
	if time.Since(s.last) < heartbeat {
		return nil
	}
	return s.write([]byte(":\n\n"))
}

func (s *EventStream) write(text []byte) error {
	s.last = time.Now()
	_ = s.connection.SetWriteDeadline(s.last.Add(eventTimeout)) // there is none without a network
	if _, err := (clientWriter{s.writer}).Write(text); err != nil {
		return err
	}
	if err := s.connection.Flush(); err != nil {
		return problem.ClientClosed.Because(err)
	}
	return nil
}
