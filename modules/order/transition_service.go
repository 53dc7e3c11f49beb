package order

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trellis-go/trellis/platform/tasks"
)

// change locks an order that whoever sends the request may see, checks its version, and lets fn change it. The errors are
// ErrOrderNotFound, and what check and fn answer.
func (s *Service) change(ctx context.Context, orderID string, check Check, fn func(ctx context.Context, order *Order) error) (*Order, error) {
	var order *Order
	err := s.repo.InTx(ctx, func(ctx context.Context) error {
		var err error
		if order, err = s.repo.LockOrder(ctx, orderID); err != nil {
			return err
		}
		if err := s.visible(ctx, order); err != nil {
			return err
		}
		if err := check(order.Version); err != nil {
			return err
		}
		return fn(ctx, order)
	})
	return order, err
}

// move stores what a locked order becomes, with its history and its event.
func (s *Service) move(ctx context.Context, order *Order, to Status, reason string) error {
	if err := order.may(to); err != nil {
		return err
	}
	from := order.Status
	order.Status = to
	if err := s.store(ctx, order); err != nil {
		return err
	}
	return s.tell(ctx, order, from, reason)
}

// store writes a locked order that was changed.
func (s *Service) store(ctx context.Context, order *Order) error {
	order.UpdatedAt = s.now()
	return s.repo.UpdateOrder(ctx, order)
}

// Ship says that an order has left the house: its stock is gone. The errors are those of change and ErrOrderStatus.
func (s *Service) Ship(ctx context.Context, orderID, carrier, tracking string, check Check) (*Order, error) {
	order, err := s.change(ctx, orderID, check, func(ctx context.Context, order *Order) error {
		if err := order.may(Shipped); err != nil {
			return err
		}
		if err := s.stock.Commit(ctx, order.ID); err != nil {
			return err
		}
		order.Carrier, order.Tracking = carrier, tracking
		return s.move(ctx, order, Shipped, "")
	})
	if err != nil {
		return nil, fmt.Errorf("ship the order %s: %w", orderID, err)
	}
	return order, nil
}

// Cancel gives an order up: its stock is free again, and what was paid for it is given back. The errors are those of change
// and ErrOrderStatus.
func (s *Service) Cancel(ctx context.Context, orderID, reason string, check Check) (*Order, error) {
	order, err := s.change(ctx, orderID, check, func(ctx context.Context, order *Order) error {
		return s.giveUp(ctx, order, Canceled, reason)
	})
	if err != nil {
		return nil, fmt.Errorf("cancel the order %s: %w", orderID, err)
	}
	return order, nil
}

// giveUp ends a locked order that is not shipped.
func (s *Service) giveUp(ctx context.Context, order *Order, to Status, reason string) error {
	if err := order.may(to); err != nil {
		return err
	}
	if err := s.stock.Release(ctx, order.ID); err != nil {
		return err
	}
	owed := order.touched()
	if owed {
		order.PaymentStatus = Refunding
	}
	if err := s.move(ctx, order, to, reason); err != nil || !owed {
		return err
	}
	return s.refund(ctx, order, time.Time{})
}

const (
	expireBatch = 100
	reasonTime  = "it was not paid in time"
)

type expireResult struct {
	Expired int `json:"expired"`
}

// runExpire looks after the refunds, too, so that none is left undone.
func (s *Service) runExpire(ctx context.Context, _ *tasks.Run, _ struct{}) (expireResult, error) {
	expired, err := s.Expire(ctx)
	return expireResult{expired}, errors.Join(err, s.RefundAgain(ctx))
}

// Expire gives up every order whose time to be paid is over, each in a transaction of its own, and counts them. One that
// cannot be given up does not keep the others; the error joins those of all.
func (s *Service) Expire(ctx context.Context) (expired int, err error) {
	now := s.now()
	return tasks.Each(ctx, func(ctx context.Context, after string) ([]string, error) {
		return s.repo.DueOrders(ctx, now, after, expireBatch)
	}, s.expire)
}

// expire gives one up, unless it was paid or given up meanwhile: that shows under the lock.
func (s *Service) expire(ctx context.Context, orderID string) (done bool, err error) {
	err = s.repo.InTx(ctx, func(ctx context.Context) error {
		order, err := s.repo.LockOrder(ctx, orderID)
		if err != nil {
			return err
		}
		if done = order.due(s.now()); !done {
			return nil
		}
		return s.giveUp(ctx, order, Expired, reasonTime)
	})
	if err != nil {
		return false, fmt.Errorf("expire the order %s: %w", orderID, err)
	}
	return done, nil
}
