package order

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/platform/tasks"
)

const (
	settleTimeout = 15 * time.Second // for what has to be stored once the money was taken, whoever has gone away
	askAgain      = 5 * time.Second  // what clients are asked to wait when the provider does not answer
	refundPause   = time.Hour        // between a refund that has failed for good and another try
	reasonNoStock = "its stock was gone when the payment came"
)

// Pay takes the money for an order. The provider is called between two transactions: the first remembers that it may have
// money for the order, the second what has come of it. An order that came to nothing meanwhile stays so, and the money is
// given back, also when this process dies in between: then the order expires, and its payment is pending.
//
// An order that is paid stays as it is: a request whose answer got lost comes again. The errors are those of change,
// ErrOrderStatus, ErrPaymentDeclined and ErrPaymentUnavailable.
func (s *Service) Pay(ctx context.Context, orderID, method string, check Check) (*Order, error) {
	order, err := s.change(ctx, orderID, anyVersion, func(ctx context.Context, order *Order) error {
		return s.beginPayment(ctx, order, check)
	})
	if err != nil {
		return nil, fmt.Errorf("begin to pay the order %s: %w", orderID, err)
	}
	if order.paid() {
		return order, nil
	}
	reference, err := s.capture(ctx, Charge{
		Key: order.ID, AmountCents: order.TotalCents, Currency: order.Currency, Method: method,
	})
	if err != nil {
		return nil, fmt.Errorf("take the payment of the order %s: %w", orderID, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	if order, err = s.settle(ctx, orderID, reference); err != nil {
		return nil, fmt.Errorf("settle the payment of the order %s: %w", orderID, err)
	}
	return order, nil
}

// beginPayment remembers that the provider is going to be asked. An order whose time is over is not paid any more, even if
// nobody has given it up yet. What is pending or paid was checked when it began, and has another version since then: the
// same request comes again, and nothing that is paid for can have changed.
func (s *Service) beginPayment(ctx context.Context, order *Order, check Check) error {
	if order.paid() {
		return nil
	}
	again := order.Status == Placed && order.PaymentStatus == Pending
	if !again {
		if err := check(order.Version); err != nil {
			return err
		}
	}
	if order.due(s.now()) {
		order.Status = Expired // as it will be
	}
	if err := order.may(Paid); err != nil || again {
		return err
	}
	order.PaymentStatus = Pending
	return s.store(ctx, order)
}

func (s *Service) capture(ctx context.Context, charge Charge) (reference string, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Payment.Timeout)
	defer cancel()
	reference, err = s.payments.Capture(ctx, charge)
	if err != nil && !errors.Is(err, ErrPaymentDeclined) {
		err = ErrPaymentUnavailable.Because(err).After(askAgain)
	}
	return reference, err
}

// settle makes the order paid whose money the provider has. When it came to nothing meanwhile the money is given back, and
// the error is ErrOrderStatus; likewise when its stock is gone, with the error of Stock.
func (s *Service) settle(ctx context.Context, orderID, reference string) (*Order, error) {
	var order *Order
	var late error
	err := s.repo.InTx(ctx, func(ctx context.Context) (err error) {
		if order, err = s.repo.LockOrder(ctx, orderID); err != nil {
			return err
		}
		if order.PaymentStatus == Captured { // by a request beside this one: the provider has taken the money once
			return nil
		}
		if late = order.may(Paid); late != nil {
			order.PaymentRef = reference
			return s.refundOnly(ctx, order)
		}
		if err := s.stock.Reserve(ctx, order.ID, order.pieces(), time.Time{}); err != nil {
			return err
		}
		order.PaymentStatus, order.PaymentRef = Captured, reference
		return s.move(ctx, order, Paid, "")
	})
	if refusal := problem.From(err); err != nil && refusal.Kind.Status < http.StatusInternalServerError {
		// Without its fields: they point to lines, which this request has not sent.
		return nil, errors.Join(refusal.Kind.New(refusal.Detail).Because(err), s.abandon(ctx, orderID))
	}
	return order, errors.Join(err, late)
}

// abandon gives up an order whose stock cannot be had any more.
func (s *Service) abandon(ctx context.Context, orderID string) error {
	return s.repo.InTx(ctx, func(ctx context.Context) error {
		order, err := s.repo.LockOrder(ctx, orderID)
		if err != nil || order.Status != Placed {
			return err
		}
		return s.giveUp(ctx, order, Expired, reasonNoStock)
	})
}

// refundOnly is refund of an order that does not change otherwise.
func (s *Service) refundOnly(ctx context.Context, order *Order) error {
	order.PaymentStatus = Refunding
	if err := s.store(ctx, order); err != nil {
		return err
	}
	return s.refund(ctx, order, time.Time{})
}

type refundParams struct {
	OrderID string `json:"order_id"`
}

type refundResult struct{}

// refund lets what the provider has be given back, at once or at a time, for a locked order that was stored as Refunding. The
// task is owed whoever has asked for it, and there is one for each time that the order became so: one that is about to end
// does not know of money that came later.
func (s *Service) refund(ctx context.Context, order *Order, at time.Time) error {
	_, err := refundKind.Enqueue(ctx, s.tasks, refundParams{OrderID: order.ID}, tasks.Spec{
		Key: fmt.Sprintf("%s/%d", order.ID, order.Version), At: at, Owed: true,
	})
	return err
}

// RefundAgain begins the refund again, after a pause, of every order whose money is owed while no task is about to give it
// back: the task has failed for good.
func (s *Service) RefundAgain(ctx context.Context) error {
	_, err := tasks.Each(ctx, func(ctx context.Context, after string) ([]string, error) {
		return s.repo.OwedOrders(ctx, after, expireBatch)
	}, s.refundAgain)
	return err
}

func (s *Service) refundAgain(ctx context.Context, orderID string) (done bool, err error) {
	err = s.repo.InTx(ctx, func(ctx context.Context) error {
		order, err := s.repo.LockOrder(ctx, orderID)
		if err != nil || order.PaymentStatus != Refunding {
			return err
		}
		return s.refund(ctx, order, s.now().Add(refundPause))
	})
	if err != nil {
		return false, fmt.Errorf("begin the refund of the order %s again: %w", orderID, err)
	}
	return true, nil
}

// runRefund gives the money back. It may run twice: the provider does it once.
func (s *Service) runRefund(ctx context.Context, _ *tasks.Run, params refundParams) (refundResult, error) {
	limited, cancel := context.WithTimeout(ctx, s.cfg.Payment.Timeout)
	defer cancel()
	if err := s.payments.Refund(limited, params.OrderID); err != nil {
		return refundResult{}, fmt.Errorf("refund the order %s: %w", params.OrderID, err)
	}
	return refundResult{}, s.repo.InTx(database.Fresh(ctx), func(ctx context.Context) error {
		order, err := s.repo.LockOrder(ctx, params.OrderID)
		if err != nil || order.PaymentStatus != Refunding {
			return err
		}
		order.PaymentStatus = Refunded
		return s.store(ctx, order)
	})
}
