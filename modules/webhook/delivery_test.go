package webhook_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/order/orderapi"
	"github.com/trellis-go/trellis/modules/webhook"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/subscription"
	"github.com/trellis-go/trellis/test/testkit"
)

// verify is an independent implementation of Standard Webhooks.
func verify(t *testing.T, secret string, got received) error {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	return verifier.Verify([]byte(got.body), got.header)
}

func TestAnEventIsSentSignedToWhoWantsIt(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		a, r := serveOn(t, m, &testkit.Clock{}, sealing), answering(t, 204)
		made := a.create(r.URL + "/hooks?tenant=1")
		event := a.tell("order.placed.v1")
		a.work()

		done := a.ended(made.ID)
		assert.Equal(t, "delivered", done.State)
		require.Len(t, r.requests(), 1)
		got := r.requests()[0]
		require.NoError(t, verify(t, made.Secret, got))
		assert.Equal(t, event.ID, got.header.Get("Webhook-Id"))
		assert.Equal(t, "application/json", got.header.Get("Content-Type"))
		assert.JSONEq(t, `{"type":"order.placed.v1","timestamp":"`+event.Time.Format(time.RFC3339Nano)+`","data":{"id":"o-1"}}`, got.body)

		got.body += " "
		require.Error(t, verify(t, made.Secret, got), "what was changed on the way is found out")
	})
}

func TestAnEventComesFromTheOutboxOnceForEachWebhook(t *testing.T) {
	m := testkit.Database(t)
	a, r := serveOn(t, m, &testkit.Clock{}, sealing), answering(t, 200)
	one, other := a.create(r.URL), a.create(r.URL)
	db, err := m.DB(testkit.Name)
	require.NoError(t, err)
	b := broker.NewEmbedded(db, clock.System, broker.Embedded{}, testkit.Quiet())
	runner := subscription.NewRunner([]subscription.Bound{{Subscription: a.module.Subscriptions[0], DB: db}}, b, prometheus.NewRegistry(), testkit.Quiet())
	require.NoError(t, subscription.Check(a.module.Subscriptions))
	require.NoError(t, b.Start(t.Context()))
	events := outbox.New(clock.System)
	relay := events.NewRelay(outbox.Config{Source: "/test", Batch: 10, Poll: 10 * time.Millisecond, Lease: time.Second}, db, b, testkit.Quiet())
	var running sync.WaitGroup
	running.Go(func() { assert.NoError(t, runner.Run(context.Background())) })
	running.Go(func() { assert.NoError(t, relay.Run(context.Background())) })
	a.work()
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
		return events.Publish(ctx, orderapi.PlacedV1{Order: orderapi.Order{ID: "o-7", TotalCents: 12}})
	}))
	for _, w := range []hook{one, other} {
		assert.Equal(t, "order.placed.v1", a.ended(w.ID).EventType)
	}
	require.NoError(t, relay.Drain(t.Context()))
	require.NoError(t, runner.Drain(t.Context()))
	running.Wait()
	require.Len(t, r.requests(), 2)
	assert.Contains(t, r.requests()[0].body, `"total_cents":12`)
}

func TestOnlyActiveWebhooksAreToldOfWhatTheyWant(t *testing.T) {
	a := serve(t)
	all, orders, one := a.create("http://localhost/all"), a.create("http://localhost/orders"), a.create("http://localhost/one")
	off := a.create("http://localhost/off")
	change := func(w hook, body string) { a.change(w, body).Must(http.StatusOK) }
	change(orders, `{"events":["order.*"]}`)
	change(one, `{"events":["order.paid.v1","product.*"]}`)
	change(off, `{"active":false}`)
	for _, eventType := range []string{"order.placed.v1", "order.paid.v1", "stock.changed.v1"} {
		a.tell(eventType)
	}
	for id, want := range map[string][]string{
		all.ID:    {"order.placed.v1", "order.paid.v1", "stock.changed.v1"},
		orders.ID: {"order.placed.v1", "order.paid.v1"},
		one.ID:    {"order.paid.v1"},
		off.ID:    nil,
	} {
		var got []string
		for _, d := range a.deliveries(id, "?sort=created_at") {
			got = append(got, d.EventType)
		}
		assert.Equal(t, want, got)
	}
}

func TestWhatFailsIsTriedAgainUnderTheSameId(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		a := serveOn(t, m, &testkit.Clock{}, sealing)
		r := receive(t, func(n int, w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(map[bool]int{true: 503, false: 200}[n < 3])
			_, _ = io.WriteString(w, strings.Repeat("x", 5000))
		})
		made := a.create(r.URL)
		event := a.tell("order.placed.v1")
		a.work()
		done := a.ended(made.ID)
		assert.Equal(t, "delivered", done.State)
		assert.Equal(t, 3, done.Attempts)
		for i, attempt := range done.Log {
			assert.Equal(t, i+1, attempt.Attempt)
			assert.Len(t, attempt.Response, 1024, "a long answer is cut off, and no failure")
		}
		assert.Equal(t, "the answer was 503 Service Unavailable", done.Log[0].Error)
		assert.Empty(t, done.Log[2].Error)
		for _, got := range r.requests() {
			assert.Equal(t, event.ID, got.header.Get("Webhook-Id"))
			require.NoError(t, verify(t, made.Secret, got))
		}
		assert.Nil(t, a.webhook(made.ID).FailingSince, "a success makes up for what was before")
	})
}

func TestADeliveryFailsAfterItsLastAttempt(t *testing.T) {
	for name, answer := range map[string]func(n int, w http.ResponseWriter, r *http.Request){
		"the receiver fails": func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"the receiver sends elsewhere": func(_ int, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		},
		"the receiver hangs up": func(_ int, w http.ResponseWriter, _ *http.Request) {
			connection, _, err := w.(http.Hijacker).Hijack()
			assert.NoError(t, err)
			_ = connection.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, r := serve(t), receive(t, answer)
			made := a.create(r.URL)
			a.tell("order.placed.v1")
			a.work()
			done := a.ended(made.ID)
			assert.Equal(t, "failed", done.State)
			assert.Equal(t, 3, done.Attempts)
			assert.NotEmpty(t, done.LastError)
			assert.Len(t, r.requests(), 3)
			assert.NotNil(t, a.webhook(made.ID).FailingSince)
			assert.True(t, a.webhook(made.ID).Active)
		})
	}
}

func TestAReceiverThatIsSlowIsNotWaitedFor(t *testing.T) {
	a := serve(t, func(c *webhook.Config) { c.Timeout, c.Attempts = 30*time.Millisecond, 1 })
	r := receive(t, func(_ int, _ http.ResponseWriter, request *http.Request) { <-request.Context().Done() })
	made := a.create(r.URL)
	a.tell("order.placed.v1")
	a.work()
	done := a.ended(made.ID)
	assert.Equal(t, "failed", done.State)
	assert.Regexp(t, "timeout|deadline exceeded", done.LastError)
}

func TestTheReceiverMayAskForMoreTime(t *testing.T) {
	for name, c := range map[string]struct {
		asked string
		want  time.Duration
	}{
		"in seconds":                   {"3600", time.Hour},
		"until a time":                 {time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), time.Hour},
		"up to the longest wait alone": {"864000", 2 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			a := serve(t, func(c *webhook.Config) { c.LastRetry = 2 * time.Hour })
			r := receive(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", c.asked)
				w.WriteHeader(http.StatusTooManyRequests)
			})
			made := a.create(r.URL)
			a.tell("order.placed.v1")
			a.work()
			assert.WithinDuration(t, a.clock.Now().Add(c.want), *a.tried(made.ID).NextAt, 10*time.Minute)
		})
	}
}

func TestAnAttemptThatWasNotedIsNotMadeAgainBeforeItsTime(t *testing.T) {
	a, r := serve(t, func(c *webhook.Config) { c.FirstRetry, c.LastRetry = time.Hour, time.Hour }), answering(t, 500)
	made := a.create(r.URL)
	a.tell("order.placed.v1")
	end := a.work()
	a.tried(made.ID)
	end()
	a.exec("UPDATE queue_jobs SET due_at = 0, attempt = 1") // the process died before it had put its job off
	again := serveOn(t, a.databases, a.clock, sealing)
	again.work()
	require.Eventually(t, func() bool { return again.waits() > 20*time.Minute }, patience, 5*time.Millisecond)
	assert.Len(t, r.requests(), 1)
}

func TestADeliveryThatAnotherProcessHasSettledStaysSo(t *testing.T) {
	a := serve(t, func(c *webhook.Config) { c.Attempts = 1 })
	release := make(chan struct{})
	r := receive(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		<-release
		w.WriteHeader(http.StatusInternalServerError)
	})
	made := a.create(r.URL)
	a.tell("order.placed.v1")
	a.work()
	require.Eventually(t, func() bool { return len(r.requests()) == 1 }, patience, time.Millisecond)
	a.exec("UPDATE webhook_deliveries SET state = 'delivered'")
	close(release)
	assert.Equal(t, webhook.Delivered, a.tried(made.ID).State)
	assert.Nil(t, a.webhook(made.ID).FailingSince)
}

func TestASuccessMakesUpForWhatFailedWhileItWasUnderWay(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		a := serveOn(t, m, &testkit.Clock{}, sealing, func(c *webhook.Config) { c.Attempts = 1 })
		release := make(chan struct{})
		r := receive(t, func(n int, w http.ResponseWriter, _ *http.Request) {
			if n == 1 {
				<-release
				return
			}
			w.WriteHeader(http.StatusInternalServerError)
		})
		made := a.create(r.URL)
		a.work()
		a.tell("order.placed.v1")
		require.Eventually(t, func() bool { return len(r.requests()) == 1 }, patience, time.Millisecond)
		a.tell("order.paid.v1")
		require.Eventually(t, func() bool { return a.webhook(made.ID).FailingSince != nil }, patience, 5*time.Millisecond)
		close(release)
		require.Eventually(t, func() bool { return len(a.deliveries(made.ID, "?state=delivered")) == 1 }, patience, 5*time.Millisecond)
		assert.Nil(t, a.webhook(made.ID).FailingSince)
	})
}

func TestGoneSwitchesAWebhookOff(t *testing.T) {
	a, r := serve(t), answering(t, http.StatusGone)
	made := a.create(r.URL)
	a.tell("order.placed.v1")
	a.work()
	assert.Equal(t, "failed", a.ended(made.ID).State)
	off := a.webhook(made.ID)
	assert.False(t, off.Active)
	assert.Equal(t, "it answered 410 Gone", off.DisabledReason)
	a.tell("order.paid.v1")
	assert.Len(t, a.deliveries(made.ID, ""), 1, "it is told of nothing more")
	require.Eventually(t, func() bool { return strings.Contains(a.log.String(), "a webhook was switched off") }, patience, time.Millisecond)

	var on hook
	a.change(off, `{"active":true}`).Must(http.StatusOK).Into(&on)
	assert.Empty(t, on.DisabledReason, "it begins anew")
	assert.Nil(t, on.FailingSince)
}

// moved is a webhook that has another URL while the one of before is at an event, which it answers with a status when it is
// released.
func (a *app) moved(status int, url string) (made hook, release func()) {
	a.t.Helper()
	held := make(chan struct{})
	before := receive(a.t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		<-held
		w.WriteHeader(status)
	})
	made = a.create(before.URL)
	a.tell("order.placed.v1")
	a.work()
	require.Eventually(a.t, func() bool { return len(before.requests()) == 1 }, patience, time.Millisecond)
	a.change(made, `{"url":"`+url+`"}`).Must(http.StatusOK)
	return made, func() { close(held) }
}

func TestWhatAURLOfBeforeAnswersSaysNothingOfTheWebhook(t *testing.T) {
	for name, status := range map[string]int{"it is gone": http.StatusGone, "it fails": http.StatusInternalServerError} {
		t.Run(name, func(t *testing.T) {
			a := serve(t)
			now := answering(t, 200)
			made, release := a.moved(status, now.URL)
			release()
			done := a.ended(made.ID)
			assert.Equal(t, "delivered", done.State, "it is tried again where the webhook is now")
			assert.Equal(t, 2, done.Attempts)
			assert.True(t, a.webhook(made.ID).Active)
			assert.Len(t, now.requests(), 1)
		})
	}
}

func TestNeitherAFailureNorASuccessOfAURLOfBeforeIsNoted(t *testing.T) {
	for name, status := range map[string]int{"a failure": http.StatusInternalServerError, "a success": http.StatusOK} {
		t.Run(name, func(t *testing.T) {
			a := serve(t, func(c *webhook.Config) { c.Attempts = 1 })
			now := answering(t, 500)
			made, release := a.moved(status, now.URL)
			fails := status == http.StatusOK // the URL of now
			if fails {
				a.tell("order.paid.v1")
				require.Eventually(t, func() bool { return a.webhook(made.ID).FailingSince != nil }, patience, 5*time.Millisecond)
			}
			release()
			require.Eventually(t, func() bool { return len(a.deliveries(made.ID, "?state=pending")) == 0 }, patience, 5*time.Millisecond)
			assert.Equal(t, fails, a.webhook(made.ID).FailingSince != nil)
		})
	}
}

func TestAWebhookBeginsAnewWithAnotherURL(t *testing.T) {
	a, r := serve(t, func(c *webhook.Config) { c.Attempts = 1 }), answering(t, 500)
	made := a.create(r.URL)
	a.tell("order.placed.v1")
	a.work()
	a.ended(made.ID)
	var same, other hook
	a.change(made, `{"description":"The warehouse"}`).Must(http.StatusOK).Into(&same)
	assert.NotNil(t, same.FailingSince)
	a.change(same, `{"url":"`+r.URL+`/other"}`).Must(http.StatusOK).Into(&other)
	assert.Nil(t, other.FailingSince)
}

func TestAWebhookThatFailsForLongIsSwitchedOff(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		a, r := serveOn(t, m, &testkit.Clock{}, sealing, func(c *webhook.Config) { c.Attempts = 1 }), answering(t, 500)
		made := a.create(r.URL)
		a.work()
		a.tell("order.placed.v1")
		a.ended(made.ID)
		a.clock.Advance(2 * time.Hour)
		a.tell("order.paid.v1")
		require.Eventually(t, func() bool { return !a.webhook(made.ID).Active }, patience, 5*time.Millisecond)
		assert.Contains(t, a.webhook(made.ID).DisabledReason, "every delivery has failed since 2")
	})
}

func TestWhatIsOnItsWayToAWebhookThatIsOffOrGoneFails(t *testing.T) {
	a, r := serve(t), answering(t, 200)
	off, gone := a.create(r.URL), a.create(r.URL)
	a.tell("order.placed.v1")
	left := a.deliveries(gone.ID, "")[0].ID
	a.change(off, `{"active":false}`).Must(http.StatusOK)
	a.Do("DELETE", "/api/webhooks/"+gone.ID, "", "If-Match", `"1"`).Must(http.StatusNoContent)
	a.work()
	assert.Equal(t, "failed", a.ended(off.ID).State)
	require.Eventually(t, func() bool {
		found, err := a.repo.Delivery(t.Context(), left)
		return assert.NoError(t, err) && found.State == webhook.Failed
	}, patience, 5*time.Millisecond)
	assert.Empty(t, r.requests())
}

func TestADeliveryIsSentAgainByHand(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		a, r := serveOn(t, m, &testkit.Clock{}, sealing), answering(t, 500, 500, 500, 500, 500, 200)
		made := a.create(r.URL)
		a.tell("order.placed.v1")
		id := a.deliveries(made.ID, "")[0].ID
		path := "/api/webhooks/" + made.ID + "/deliveries/" + id + "/replay"
		assert.Equal(t, "delivery_pending", a.Do("POST", path, "").Must(http.StatusConflict).Problem().Code)
		a.work()
		assert.Equal(t, "failed", a.ended(made.ID).State)
		assert.Equal(t, "pending", a.Do("POST", path, "").Must(http.StatusAccepted).JSON()["state"])
		done := a.ended(made.ID)
		assert.Equal(t, "delivered", done.State, "with as many attempts as it had at first")
		assert.Equal(t, 6, done.Attempts)
		got := r.requests()
		assert.Equal(t, got[0].header.Get("Webhook-Id"), got[5].header.Get("Webhook-Id"))
		a.Do("POST", strings.Replace(path, made.ID, a.create(r.URL).ID, 1), "").Must(http.StatusNotFound)
		a.change(made, `{"active":false}`).Must(http.StatusOK)
		a.Do("POST", path, "").Must(http.StatusConflict)
	})
}

func TestAPingTriesAWebhookOut(t *testing.T) {
	a, r := serve(t), answering(t, 200)
	made := a.create(r.URL)
	a.change(made, `{"events":["product.*"]}`).Must(http.StatusOK)
	answer := a.Do("POST", "/api/webhooks/"+made.ID+"/ping", "").Must(http.StatusAccepted)
	a.work()
	assert.Equal(t, "webhook.ping", a.ended(made.ID).EventType)
	a.Get(answer.Header.Get("Location")).Must(http.StatusOK)
	require.NoError(t, verify(t, made.Secret, r.requests()[0]))
	a.change(hook{ID: made.ID, Version: 2}, `{"active":false}`).Must(http.StatusOK)
	assert.Equal(t, "webhook_inactive", a.Do("POST", "/api/webhooks/"+made.ID+"/ping", "").Must(http.StatusConflict).Problem().Code)
	a.Do("POST", "/api/webhooks/unknown/ping", "").Must(http.StatusNotFound)
}

func TestTwoReplicasSendEachDeliveryOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		clock, r := &testkit.Clock{}, answering(t, 200)
		one, other := serveOn(t, m, clock, sealing), serveOn(t, m, clock, sealing)
		made := one.create(r.URL)
		one.work()
		other.work()
		const events = 60
		for i := range events {
			[]*app{one, other}[i%2].tell("order.placed.v1")
		}
		require.Eventually(t, func() bool { return len(one.deliveries(made.ID, "?state=delivered&limit=200")) == events }, patience, 10*time.Millisecond)
		seen := map[string]int{}
		for _, got := range r.requests() {
			seen[got.header.Get("Webhook-Id")]++
		}
		assert.Len(t, seen, events)
		assert.Len(t, r.requests(), events)
	})
}

func TestASlowWebhookLeavesRoomForOthers(t *testing.T) {
	a := serve(t, func(c *webhook.Config) { c.Concurrency, c.PerWebhook = 2, 1 })
	release := make(chan struct{})
	slow := receive(t, func(int, http.ResponseWriter, *http.Request) { <-release })
	quick := answering(t, 200)
	busy := a.create(slow.URL)
	for range 3 {
		a.tell("order.placed.v1")
	}
	other := a.create(quick.URL)
	a.work()
	require.Eventually(t, func() bool { return len(slow.requests()) == 1 }, patience, time.Millisecond)
	a.tell("order.paid.v1")
	assert.Equal(t, "delivered", a.ended(other.ID).State)
	assert.Len(t, slow.requests(), 1)
	close(release)
	require.Eventually(t, func() bool { return len(a.deliveries(busy.ID, "?state=delivered")) == 4 }, patience, 10*time.Millisecond)
}

func TestSlowWebhooksLeaveRoomForAnotherOneOnTheirHost(t *testing.T) {
	a := serve(t, func(c *webhook.Config) { c.Concurrency, c.PerWebhook, c.Attempts, c.Timeout = 4, 1, 1, patience })
	release := make(chan struct{})
	r := receive(t, func(_ int, _ http.ResponseWriter, request *http.Request) {
		if request.URL.Path == "/slow" {
			<-release
		}
	})
	defer close(release)
	for range 3 {
		a.create(r.URL + "/slow")
	}
	a.work()
	a.tell("order.placed.v1")
	require.Eventually(t, func() bool { return len(r.requests()) == 3 }, patience/2, time.Millisecond)
	quick := a.create(r.URL + "/quick")
	a.tell("order.paid.v1")
	assert.Equal(t, "delivered", a.ended(quick.ID).State)
}

func TestWhatWaitsForAWebhookComesBackLessOftenTheLongerItDoes(t *testing.T) {
	for name, c := range map[string]struct {
		deliveries, together int
		answers              bool
	}{
		"that has enough to do": {2, 2, false},
		"that is left alone":    {30, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			a := serve(t, func(cfg *webhook.Config) {
				cfg.Concurrency, cfg.PerWebhook, cfg.Attempts, cfg.Timeout = c.together, 1, 100, patience
				cfg.FirstRetry, cfg.LastRetry = time.Second, time.Second
			})
			release := make(chan struct{})
			defer close(release)
			r := receive(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
				if !c.answers {
					<-release
				}
				w.WriteHeader(http.StatusInternalServerError)
			})
			a.create(r.URL)
			for range c.deliveries {
				a.tell("order.placed.v1")
			}
			a.exec("UPDATE queue_jobs SET attempt = 20") // they have come often
			a.work()
			require.Eventually(t, func() bool { return a.waits() > 20*time.Second }, patience, 5*time.Millisecond)
		})
	}
}

func TestNothingIsSentToAddressesThatAreNotPublic(t *testing.T) {
	inside := answering(t, 200)
	_, port, err := net.SplitHostPort(inside.Listener.Addr().String())
	require.NoError(t, err)
	a := serve(t, func(c *webhook.Config) { c.AllowPrivate = false })
	made := a.create("http://localhost:" + port) // a name: what it leads to shows when it is called
	a.tell("order.placed.v1")
	a.work()
	done := a.ended(made.ID)
	assert.Equal(t, "failed", done.State)
	assert.Contains(t, done.LastError, "is not a public address")
	assert.Empty(t, inside.requests())

	allowed := serve(t, func(c *webhook.Config) { c.AllowPrivate, c.Networks = false, []string{"127.0.0.0/8", "::1/128"} })
	again := allowed.create("http://localhost:" + port)
	allowed.tell("order.placed.v1")
	allowed.work()
	assert.Equal(t, "delivered", allowed.ended(again.ID).State, "of a network that is named")
}

func TestTheCircuitIsThatOfTheWebhookAndNotOfItsHost(t *testing.T) {
	r := receive(t, func(_ int, w http.ResponseWriter, request *http.Request) {
		w.WriteHeader(map[bool]int{true: 500, false: 200}[request.URL.Path == "/bad"])
	})
	a := serve(t, func(c *webhook.Config) {
		c.Attempts, c.FirstRetry, c.LastRetry = 100, 200*time.Millisecond, time.Second
	})
	bad, good := a.create(r.URL+"/bad"), a.create(r.URL+"/good")
	a.work()
	for range 30 {
		a.tell("order.placed.v1")
	}
	require.Eventually(t, func() bool { return len(a.deliveries(good.ID, "?state=delivered")) == 30 }, patience, 5*time.Millisecond)
	attempts := 0
	for _, d := range a.deliveries(bad.ID, "") {
		attempts += d.Attempts
		assert.Equal(t, "pending", d.State)
	}
	assert.Less(t, attempts, 30, "it is left alone for a while, without counting")
}

func TestDeliveriesAreListedByState(t *testing.T) {
	a := serve(t)
	made := a.create("http://localhost/")
	for range 3 {
		a.tell("order.placed.v1")
	}
	first := a.Get("/api/webhooks/" + made.ID + "/deliveries?limit=2&state=pending").Must(http.StatusOK)
	assert.Len(t, first.JSON()["items"], 2)
	rest := a.Get(fmt.Sprintf("/api/webhooks/%s/deliveries?limit=2&state=pending&cursor=%s", made.ID, first.JSON()["next_cursor"])).Must(http.StatusOK)
	assert.Len(t, rest.JSON()["items"], 1)
	assert.Empty(t, a.deliveries(made.ID, "?state=failed"))
	a.Get("/api/webhooks/unknown/deliveries").Must(http.StatusNotFound)
	a.Get("/api/webhooks/" + made.ID + "/deliveries/unknown").Must(http.StatusNotFound)
	a.Get("/api/webhooks/" + a.create("http://localhost/").ID + "/deliveries/" + a.deliveries(made.ID, "")[0].ID).Must(http.StatusNotFound)
}
