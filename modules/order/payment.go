package order

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/trellis-go/trellis/platform/problem"
)

// The problems of payments.
var (
	ErrPaymentDeclined = problem.Define(http.StatusPaymentRequired, "payment_declined", "The payment was declined",
		"The provider does not take this payment. The order is as it was; pay in another way before it expires.")
	ErrPaymentUnavailable = problem.Define(http.StatusServiceUnavailable, "payment_unavailable", "The payment provider does not answer",
		"It is not known whether the payment was made. Send the same request again: an order is charged once. When the order "+
			"comes to nothing, whatever was charged is given back.")
)

// Charge is what is to be paid.
type Charge struct {
	Key         string // names the charge to the provider: the order's id
	AmountCents int64
	Currency    string
	Method      string // what the customer pays with, as the provider has named it to the client
}

// Payments is the provider that takes the money. Its calls are repeated: whatever was done under a key is done once.
type Payments interface {
	// Capture takes the money and gives what the provider calls the payment. The error is ErrPaymentDeclined when it does
	// not; after any other, it may have.
	Capture(ctx context.Context, charge Charge) (reference string, err error)
	// Refund gives back what was taken under the key, if anything was, and sees to it that nothing will be any more.
	Refund(ctx context.Context, key string) error
}

// NewPayments makes the provider that the configuration names.
func NewPayments(cfg Config) Payments { return simulated{cfg.Payment.Delay} }

// simulated takes every payment but those with the methods below. It keeps nothing, so it is the same on all replicas and
// after a restart.
type simulated struct{ delay time.Duration }

// The methods that do not go well.
const (
	methodDeclined    = "declined"
	methodUnavailable = "unavailable"
)

// Capture implements Payments.
func (s simulated) Capture(ctx context.Context, charge Charge) (string, error) {
	if err := s.wait(ctx); err != nil {
		return "", err
	}
	switch charge.Method {
	case methodDeclined:
		return "", ErrPaymentDeclined.New("the simulated provider declines this method")
	case methodUnavailable:
		return "", fmt.Errorf("the simulated provider does not answer for the method %q", charge.Method)
	default:
		return "simulated-" + charge.Key, nil
	}
}

// Refund implements Payments.
func (s simulated) Refund(ctx context.Context, _ string) error { return s.wait(ctx) }

func (s simulated) wait(ctx context.Context) error {
	if s.delay == 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(s.delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
