package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

// letters runs the command deadletters.
func letters(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), append([]string{"deadletters"}, args...), &out, &errs)
	return code, out.String(), errs.String()
}

// twoDead makes a database with two dead letters of the subscription mail.orders.
func twoDead(t *testing.T) {
	t.Helper()
	inFolder(t, "data")
	must(t, "up")
	db, err := testkit.Start(t, database.Configs{
		testkit.Name: {Driver: "sqlite", DSN: config.DSN(filepath.Join("data", "trellis.db"))},
	}).DB(testkit.Name)
	require.NoError(t, err)
	b := broker.NewEmbedded(db, clock.System, broker.Embedded{}, testkit.Quiet())
	s := broker.Subscription{Name: "mail.orders", Patterns: []string{"order.#"}, Options: broker.Options{Attempts: 1}}
	b.Declare(s)
	require.NoError(t, b.Start(t.Context()))
	for _, id := range []string{"event-1", "event-2"} {
		require.NoError(t, b.Publish(t.Context(), []broker.Message{
			{ID: id, Type: "order.placed.v1", Subject: "order-7", ContentType: broker.JSON, Data: []byte(`{"total":1}`)},
		})[0])
	}
	consumer, ended := b.Consumer(s, func(context.Context, broker.Delivery) error { return errors.New("bitter") }), make(chan error, 1)
	go func() { ended <- consumer.Run(context.Background()) }()
	require.Eventually(t, func() bool {
		dead, err := b.Dead(t.Context(), "mail.orders", 10)
		return assert.NoError(t, err) && len(dead) == 2
	}, 20*time.Second, time.Millisecond)
	require.NoError(t, consumer.Drain(t.Context()))
	require.NoError(t, <-ended)
}

func TestDeadLettersAreListedShownRetriedAndDiscarded(t *testing.T) {
	twoDead(t)
	_, out, _ := letters(t, "list", "mail.orders")
	assert.Regexp(t, `mail.orders +event-1 +order.placed.v1 +order-7 +20.* 1 +"bitter"\n`, out)
	assert.Contains(t, out, "event-2")
	_, out, _ = letters(t, "show", "mail.orders", "event-2")
	assert.Contains(t, out, `"error": "bitter"`)
	assert.Contains(t, out, `"total": 1`)

	code, out, errs := letters(t, "retry", "mail.orders", "event-1")
	require.Equal(t, 0, code, errs)
	assert.Equal(t, "event-1 delivered again\n", out)
	code, out, errs = letters(t, "discard", "mail.orders", "--all")
	require.Equal(t, 0, code, errs)
	assert.Equal(t, "event-2 discarded\n", out)
	_, out, _ = letters(t, "list", "mail.orders")
	assert.NotContains(t, out, "event-")
}

func TestADeadLetterThatIsNotThereIsAnError(t *testing.T) {
	twoDead(t)
	for _, verb := range []string{"show", "retry", "discard"} {
		code, _, errs := letters(t, verb, "mail.orders", "event-9")
		assert.Equal(t, 1, code)
		assert.Contains(t, errs, "the subscription mail.orders has no dead letter event-9")
	}
	for _, wrong := range [][]string{{"retry", "mail.orders"}, {"discard", "mail.orders", "event-1", "--all"}, {"show"}, {"bury"}} {
		code, _, _ := letters(t, wrong...)
		assert.Equal(t, 2, code, wrong)
	}
}

// deadBox holds dead letters, the oldest first.
type deadBox struct {
	broker.DeadLetters
	letters []broker.DeadLetter
}

func (b *deadBox) Dead(_ context.Context, _ string, limit int) ([]broker.DeadLetter, error) {
	return slices.Clone(b.letters[:min(limit, len(b.letters))]), nil
}

// take takes a letter out, and answers whether it was there.
func (b *deadBox) take(id string) (broker.DeadLetter, bool) {
	at := slices.IndexFunc(b.letters, func(l broker.DeadLetter) bool { return l.ID == id })
	if at < 0 {
		return broker.DeadLetter{}, false
	}
	found := b.letters[at]
	b.letters = slices.Delete(b.letters, at, at+1)
	return found, true
}

// boxOf has letters that have died before now; the time of the last is not known.
func boxOf(ids ...string) *deadBox {
	box := &deadBox{}
	for i, id := range ids {
		letter := broker.DeadLetter{Message: broker.Message{ID: id}}
		if i < len(ids)-1 {
			letter.DiedAt = time.Now().Add(-time.Minute)
		}
		box.letters = append(box.letters, letter)
	}
	return box
}

func TestAllAreMoreThanAreAskedForAtATime(t *testing.T) {
	box, settled := boxOf("1", "2", "3", "4", "5"), []string{}
	require.NoError(t, settleAll(t.Context(), box, "mail.orders", 2, func(id string) (bool, error) {
		settled = append(settled, id)
		_, found := box.take(id)
		return found, nil
	}))
	assert.Equal(t, []string{"1", "2", "3", "4", "5"}, settled)
}

func TestALetterThatDiesAgainIsLeft(t *testing.T) {
	box, settled := boxOf("1", "2", "3"), []string{}
	require.NoError(t, settleAll(t.Context(), box, "mail.orders", 2, func(id string) (bool, error) {
		require.Less(t, len(settled), 10, "it does not end")
		settled = append(settled, id)
		again, found := box.take(id)
		if !again.DiedAt.IsZero() {
			again.DiedAt = time.Now().Add(time.Minute)
		}
		box.letters = append(box.letters, again, broker.DeadLetter{Message: broker.Message{ID: "new"}, DiedAt: time.Now().Add(time.Minute)})
		return found, nil
	}))
	assert.Equal(t, []string{"1", "2", "3"}, settled, "and so is what died meanwhile")
}

func TestALetterThatSomebodyElseSettledCountsAsSettled(t *testing.T) {
	box, settled := boxOf("1", "2", "3"), []string{}
	require.NoError(t, settleAll(t.Context(), box, "mail.orders", 3, func(id string) (bool, error) {
		box.take("2")
		settled = append(settled, id)
		_, found := box.take(id)
		return found, nil
	}))
	assert.Equal(t, []string{"1", "2", "3"}, settled)
}

func TestAllEndsWithAnErrorOfTheBroker(t *testing.T) {
	away := errors.New("away")
	err := settleAll(t.Context(), boxOf("1", "2"), "mail.orders", 1, func(string) (bool, error) { return false, away })
	assert.ErrorIs(t, err, away)
}

func TestAllSubscriptionsAreListedByDefault(t *testing.T) {
	twoDead(t)
	code, out, errs := letters(t, "list")
	require.Equal(t, 0, code, errs)
	assert.Contains(t, out, "SUBSCRIPTION")
}

func TestABrokerThatCannotBeReachedHasItsOwnExitCode(t *testing.T) {
	inFolder(t, "data")
	must(t, "up")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	var out, errs bytes.Buffer
	code := run(ctx, []string{"deadletters", "list", "mail", "--set", "broker.driver=rabbitmq", "--set", "broker.url=amqp://u:hunter2@127.0.0.1:1/"}, &out, &errs)
	assert.Equal(t, 69, code)
	assert.Contains(t, errs.String(), "the broker cannot be reached")
	assert.NotContains(t, errs.String(), "hunter2")
}
