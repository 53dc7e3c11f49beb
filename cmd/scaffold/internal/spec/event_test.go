package spec_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

func TestAnEventThatNoFieldHasBringsATimeAndTheOperationThatSetsIt(t *testing.T) {
	for event, verb := range map[string]string{
		"issued": "issue", "sent": "send", "shipped": "ship", "cancelled": "cancel", "billed": "bill", "approved": "approve", "closed": "close",
		"passed": "pass", "verified": "verify", "completed": "complete", "expired": "expire", "hired": "hire", "opened": "open",
		"activated": "activate", "gone": "mark_gone",
	} {
		m := module("invoice", "a:int")
		m.Events = []string{event, spec.Created}
		m = m.WithSources()
		assert.Equal(t, event+"_at:time?", m.Fields[1].String())
		assert.Equal(t, []spec.Operation{{Name: verb, Method: "POST", Sets: event + "_at", To: "now"}}, m.Operations)
	}
	m := module("invoice", "status:enum(draft,paid),issued_at:time")
	m.Events = []string{"paid", "issued"}
	assert.Equal(t, m, m.WithSources())
}

func TestWhatHappensToTheWholeEntityIsNoFieldsWhateverTheyAreCalled(t *testing.T) {
	m := module("ticket", "state:enum(created,updated,closed),deleted_at:time?")
	m.Events = []string{spec.Created, spec.Updated, spec.Deleted, "closed"}
	for _, event := range m.Events[:3] {
		_, ofField := m.Source(event)
		assert.False(t, ofField, event)
	}
	source, ofField := m.Source("closed")
	assert.True(t, ofField)
	assert.Equal(t, "state", source.Name)
	assert.Equal(t, m, m.WithSources())
}
