package order_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/inventory/inventoryapi"
	"github.com/trellis-go/trellis/modules/order"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/platform/tasks"
	"github.com/trellis-go/trellis/test/testkit"
)

const card = `{"method":"card"}`

func TestNothingIsHeldWhileTheProviderIsAsked(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		s := open(t, m)
		made := s.place(tea, 1)
		s.till.before = func(order.Charge) error {
			assert.Equal(t, "placed pending", s.status(made), "it is known that money may move")
			s.place(mug, 1) // would wait for ever on SQLite if a transaction were open
			return nil
		}
		s.customer().Do("POST", path(made, "pay"), card).Must(http.StatusOK)
	})
}

func TestAPaymentThatIsDeclinedCanBeTriedAgain(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.place(tea, 1)
	s.till.before = func(order.Charge) error { return order.ErrPaymentDeclined.New("no funds") }
	refused := s.customer().Do("POST", path(made, "pay"), card).Must(http.StatusPaymentRequired).Problem()
	assert.Equal(t, "payment_declined", refused.Code)
	assert.Equal(t, "placed pending", s.status(made))
	s.till.before = nil
	s.customer().Do("POST", path(made, "pay"), card).Must(http.StatusOK)
	assert.Equal(t, "paid captured", s.status(made))
}

func TestAProviderThatDoesNotAnswerIsAskedAgain(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.place(tea, 1)
	s.till.after = func(order.Charge) error { return errors.New("the answer got lost") }
	answer := s.customer().Do("POST", path(made, "pay"), card).Must(http.StatusServiceUnavailable)
	assert.Equal(t, "payment_unavailable", answer.Problem().Code)
	assert.Equal(t, "5", answer.Header.Get("Retry-After"))
	assert.NotContains(t, answer.Body, "got lost")
	s.till.after = nil
	s.customer().Do("POST", path(made, "pay"), card).Must(http.StatusOK)
	assert.Equal(t, int64(1299), s.till.has(id(made)), "charged once")
}

func TestAPaymentThatWasNotAnsweredIsSentAgainAsItWas(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.place(tea, 1)
	s.customer().Do("POST", path(made, "pay"), card, "If-Match", `"7"`).Must(http.StatusPreconditionFailed)
	assert.Equal(t, "placed none", s.status(made))
	s.till.after = func(order.Charge) error { return errors.New("the answer got lost") }
	s.customer().Do("POST", path(made, "pay"), card, "If-Match", `"1"`).Must(http.StatusServiceUnavailable)
	s.till.after = nil
	s.customer().Do("POST", path(made, "pay"), card, "If-Match", `"1"`).Must(http.StatusOK)
	assert.Equal(t, "paid captured", s.status(made))
}

func TestAPaymentThatSucceededUnseenIsSentAgainAsItWas(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		s := open(t, m)
		made := s.place(tea, 1)
		paid := s.customer().Do("POST", path(made, "pay"), card, "If-Match", `"1"`).Must(http.StatusOK)
		s.till.before = func(order.Charge) error {
			assert.Fail(t, "the provider is not asked again")
			return nil
		}
		for _, condition := range [][]string{nil, {"If-Match", `"1"`}} {
			again := s.customer().Do("POST", path(made, "pay"), card, condition...).Must(http.StatusOK)
			assert.Equal(t, paid.JSON(), again.JSON())
			assert.Equal(t, paid.Header.Get("ETag"), again.Header.Get("ETag"))
		}
		assert.Len(t, s.told(), 2, "placed and paid, once")
		s.as("eve", auth.Customer).Do("POST", path(made, "pay"), card).Must(http.StatusNotFound)
		s.Do("POST", path(made, "ship"), "").Must(http.StatusOK)
		s.customer().Do("POST", path(made, "pay"), card).Must(http.StatusConflict)
		canceled := s.place(mug, 1)
		s.customer().Do("POST", path(canceled, "cancel"), "").Must(http.StatusOK)
		s.customer().Do("POST", path(canceled, "pay"), card).Must(http.StatusConflict)
	})
}

func TestMoneyForAnOrderThatExpiredMeanwhileIsGivenBack(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		s := open(t, m)
		made := s.place(tea, 1)
		s.till.before = func(order.Charge) error {
			s.clock.Advance(settings.PaymentWindow)
			_, err := s.Expire(t.Context())
			return err
		}
		refused := s.customer().Do("POST", path(made, "pay"), card).Must(http.StatusConflict).Problem()
		assert.Equal(t, "order_status", refused.Code)
		assert.Equal(t, int64(1299), s.till.has(id(made)), "the provider has the money")
		s.work()
		s.becomes(made, "expired refunded")
		assert.Zero(t, s.till.has(id(made)))
	})
}

func TestMoneyIsGivenBackAlsoWhenTheProcessDiesAfterTakingIt(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.place(tea, 1)
	s.till.after = func(order.Charge) error { return errors.New("the process dies here") }
	s.customer().Do("POST", path(made, "pay"), card).Must(http.StatusServiceUnavailable)
	require.Equal(t, int64(1299), s.till.has(id(made)))
	s.clock.Advance(settings.PaymentWindow)
	s.work()
	s.becomes(made, "expired refunded")
	assert.Zero(t, s.till.has(id(made)))
}

func TestMoneyThatComesAfterTheRefundIsNotTaken(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.place(tea, 1)
	s.work()
	s.till.before = func(order.Charge) error {
		s.customer().Do("POST", path(made, "cancel"), "").Must(http.StatusOK)
		s.becomes(made, "canceled refunded")
		return nil
	}
	s.customer().Do("POST", path(made, "pay"), card).Must(http.StatusPaymentRequired)
	assert.Zero(t, s.till.has(id(made)))
}

func TestMoneyThatIsTakenAfterTheRefundAllTheSameIsGivenBack(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.place(tea, 1)
	s.work()
	s.till.before = func(order.Charge) error {
		s.customer().Do("POST", path(made, "cancel"), "").Must(http.StatusOK)
		s.becomes(made, "canceled refunded")
		s.till.forget(id(made))
		return nil
	}
	s.customer().Do("POST", path(made, "pay"), card).Must(http.StatusConflict)
	require.Eventually(t, func() bool { return s.till.has(id(made)) == 0 }, patience, 5*time.Millisecond)
	s.becomes(made, "canceled refunded")
}

func TestAnOrderWhoseStockIsGoneWhenTheMoneyComesExpires(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.place(tea, 1)
	s.stock.reserve = func(string, []inventoryapi.Line, time.Time) error {
		return errTooFew.New("none are there").With(problem.Field{In: "body", Pointer: "/lines/0/quantity"})
	}
	refused := s.customer().Do("POST", path(made, "pay"), card).Must(http.StatusConflict).Problem()
	assert.Equal(t, "test_too_few", refused.Code)
	assert.Equal(t, "none are there", refused.Detail)
	assert.Empty(t, refused.Errors, "the request has no lines that they could point to")
	assert.Equal(t, "expired refunding", s.status(made))
	history := s.customer().Get(path(made, "history")).Must(200).JSON()["items"].([]any)
	assert.Equal(t, "its stock was gone when the payment came", history[1].(map[string]any)["reason"])
	s.work()
	s.becomes(made, "expired refunded")
}

func TestAStockThatBreaksDownWhenTheMoneyComesIsAskedAgain(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.place(tea, 1)
	s.stock.reserve = func(string, []inventoryapi.Line, time.Time) error { return errors.New("the door is jammed") }
	s.customer().Do("POST", path(made, "pay"), card).Must(http.StatusInternalServerError)
	assert.Equal(t, "placed pending", s.status(made))
	s.stock.reserve = nil
	s.customer().Do("POST", path(made, "pay"), card).Must(http.StatusOK)
	assert.Equal(t, int64(1299), s.till.has(id(made)))
}

func TestPaymentsBesideEachOtherPayOnce(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		s := open(t, m)
		made := s.place(tea, 1)
		var arrived, paying sync.WaitGroup
		arrived.Add(4)
		s.till.before = func(order.Charge) error { // all have begun before the first is settled
			arrived.Done()
			arrived.Wait()
			return nil
		}
		for range 4 {
			paying.Go(func() { s.customer().Do("POST", path(made, "pay"), card).Must(http.StatusOK) })
		}
		paying.Wait()
		assert.Equal(t, "paid captured", s.status(made))
		assert.Len(t, s.told(), 2, "placed and paid, once")
	})
}

func TestAPaymentIsSettledWhoeverHasGoneAway(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.place(tea, 1)
	ctx, leave := context.WithCancel(as(t, "ada"))
	s.till.after = func(order.Charge) error {
		leave()
		return nil
	}
	paid, err := s.Pay(ctx, id(made), "card", func(int64) error { return nil })
	require.NoError(t, err)
	assert.Equal(t, order.Paid, paid.Status)
}

func TestARefundIsTriedUntilItIsMade(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.place(tea, 1)
	s.customer().Do("POST", path(made, "pay"), card).Must(http.StatusOK)
	var mu sync.Mutex
	attempts := 0
	s.till.refund = func(string) error {
		mu.Lock()
		defer mu.Unlock()
		if attempts++; attempts == 1 {
			return errors.New("the provider is down")
		}
		return nil
	}
	s.customer().Do("POST", path(made, "cancel"), "").Must(http.StatusOK)
	s.work()
	require.Eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return attempts > 0
	}, patience, time.Millisecond)
	assert.Equal(t, "canceled refunding", s.status(made))
	require.Eventually(t, func() bool { // the worker waits by the clock of the test
		s.clock.Advance(time.Minute)
		return s.status(made) == "canceled refunded"
	}, patience, 10*time.Millisecond)
}

func TestARefundIsOwedAndCannotBeCanceled(t *testing.T) {
	s := open(t, testkit.Database(t))
	gate := testkit.Gate(t, auth.Permissions{auth.Staff: {tasks.Manage}})
	s.Client = testkit.ServeBehind(t, gate, s.module, module.Module{Routes: s.tasks.Routes}).As(auth.Admin)
	made := s.place(tea, 1)
	s.customer().Do("POST", path(made, "pay"), card).Must(http.StatusOK)
	s.customer().Do("POST", path(made, "cancel"), "").Must(http.StatusOK)
	staff := s.as("eve", auth.Staff)
	task, _ := staff.Get("/api/v2/tasks?kind=order.refund").Must(200).JSON()["items"].([]any)[0].(map[string]any)["id"].(string)

	assert.Empty(t, s.customer().Get("/api/v2/tasks").Must(200).JSON()["items"])
	s.customer().Do("POST", "/api/v2/tasks/"+task+"/cancel", "").Must(http.StatusNotFound)
	refused := staff.Do("POST", "/api/v2/tasks/"+task+"/cancel", "").Must(http.StatusConflict).Problem()
	assert.Equal(t, "task_owed", refused.Code)
	s.work()
	s.becomes(made, "canceled refunded")
	assert.Zero(t, s.till.has(id(made)))
}

// owed makes an order whose money is owed while no task gives it back, as when the task has failed for good.
func (s *shop) owed() map[string]any {
	s.t.Helper()
	made := s.place(tea, 1)
	s.customer().Do("POST", path(made, "pay"), card).Must(http.StatusOK)
	require.NoError(s.t, s.repo.InTx(s.t.Context(), func(ctx context.Context) error {
		locked, err := s.repo.LockOrder(ctx, id(made))
		if err != nil {
			return err
		}
		locked.Status, locked.PaymentStatus = order.Canceled, order.Refunding
		return s.repo.UpdateOrder(ctx, locked)
	}))
	return made
}

func TestARefundWhoseTaskHasFailedBeginsAgain(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.owed()
	s.work()
	require.Eventually(t, func() bool { // after a pause, by the clock of the test
		s.clock.Advance(10 * time.Minute)
		return s.status(made) == "canceled refunded"
	}, patience, 10*time.Millisecond)
	assert.Zero(t, s.till.has(id(made)))
}

func TestARefundThatIsUnderWayIsNotBegunAgain(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		s := open(t, m)
		s.owed()
		s.owed()
		for range 3 {
			require.NoError(t, s.RefundAgain(t.Context()))
		}
		all := auth.With(t.Context(), auth.Principal{UserID: "eve", Role: auth.Admin})
		waiting, err := s.tasks.List(all, tasks.Filter{Kind: "order.refund"}, page.Request{Limit: 10, Sort: "-id"})
		require.NoError(t, err)
		assert.Len(t, waiting.Items, 2, "one for each order")
	})
}

func TestTheSimulatedProviderTakesEverythingButWhatItIsToldNotTo(t *testing.T) {
	payments := order.NewPayments(settings)
	charge := order.Charge{Key: "order", AmountCents: 1, Currency: "EUR", Method: "card"}
	for range 2 {
		reference, err := payments.Capture(t.Context(), charge)
		require.NoError(t, err)
		assert.Equal(t, "simulated-order", reference)
		require.NoError(t, payments.Refund(t.Context(), "order"))
	}
	charge.Method = "declined"
	_, err := payments.Capture(t.Context(), charge)
	require.ErrorIs(t, err, order.ErrPaymentDeclined)
	charge.Method = "unavailable"
	_, err = payments.Capture(t.Context(), charge)
	require.ErrorContains(t, err, "does not answer")

	slow := settings
	slow.Payment.Delay = time.Hour
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = order.NewPayments(slow).Capture(ended, charge)
	require.ErrorIs(t, err, context.Canceled)
	slow.Payment.Delay = time.Microsecond
	require.NoError(t, order.NewPayments(slow).Refund(t.Context(), "order"))
}
