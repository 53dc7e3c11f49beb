package inventory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trellis-go/trellis/modules/inventory/inventoryapi"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/platform/tasks"
)

// Reserve promises the pieces of all lines, or none, under a reference until that time, or without end when it is zero. It
// joins the caller's transaction. Asking again for what is promised changes nothing but the time; what was released or has
// expired is reserved anew. Each product may be in one line only.
//
// The errors are ErrInsufficientStock, whose fields point to /lines/N/quantity for the line N, and ErrReservationClosed when
// the pieces are gone already, or when other lines are reserved under the reference.
func (s *Service) Reserve(ctx context.Context, reference string, lines []inventoryapi.Line, until time.Time) error {
	if err := checkLines(lines); err != nil {
		return err
	}
	err := s.repo.InTx(ctx, func(ctx context.Context) error {
		reservation, err := s.repo.LockReservation(ctx, reference)
		if errors.Is(err, ErrReservationNotFound) {
			return s.reserveFirst(ctx, reference, lines, until)
		}
		if err != nil {
			return err
		}
		reservation.UpdatedAt, reservation.ExpiresAt = s.now(), expiry(until)
		switch reservation.State {
		case Committed:
			return reservation.closed()
		case Open:
			return s.prolong(ctx, reservation, lines)
		default:
			return s.reserveAgain(ctx, reservation, lines)
		}
	})
	if err != nil {
		return fmt.Errorf("reserve %d products as %q: %w", len(lines), reference, err)
	}
	return nil
}

func expiry(until time.Time) *time.Time {
	if until.IsZero() {
		return nil
	}
	return &until
}

func (s *Service) reserveFirst(ctx context.Context, reference string, lines []inventoryapi.Line, until time.Time) error {
	now := s.now()
	made := &Reservation{
		ID: id.New(), Reference: reference, State: Open, ExpiresAt: expiry(until), CreatedAt: now, UpdatedAt: now,
	}
	if err := s.repo.InsertReservation(ctx, made); err != nil {
		return err
	}
	return s.hold(ctx, made, lines)
}

// reserveAgain takes the pieces for a reservation that has given back those it had.
func (s *Service) reserveAgain(ctx context.Context, reservation *Reservation, lines []inventoryapi.Line) error {
	if err := s.repo.DeleteHolds(ctx, reservation); err != nil {
		return err
	}
	reservation.State = Open
	if err := s.repo.UpdateReservation(ctx, reservation); err != nil {
		return err
	}
	return s.hold(ctx, reservation, lines)
}

// prolong stores the new expiry of a reservation that holds what is asked for.
func (s *Service) prolong(ctx context.Context, reservation *Reservation, lines []inventoryapi.Line) error {
	holds, err := s.repo.Holds(ctx, reservation)
	if err != nil {
		return err
	}
	if !sameLines(holds, lines) {
		return ErrReservationClosed.Errorf("other pieces are reserved as %q", reservation.Reference)
	}
	return s.repo.UpdateReservation(ctx, reservation)
}

// hold takes the pieces for a reservation that has none.
func (s *Service) hold(ctx context.Context, reservation *Reservation, lines []inventoryapi.Line) error {
	stocks, err := s.repo.LockStocks(ctx, productsOf(lines))
	if err != nil {
		return err
	}
	before := reserved(stocks)
	holds, err := allocate(stocks, lines)
	if err != nil {
		return err
	}
	for i := range holds {
		holds[i].ID, holds[i].ReservationID = id.New(), reservation.ID
	}
	if err := s.repo.InsertHolds(ctx, reservation, holds); err != nil {
		return err
	}
	for i := range stocks {
		if stocks[i].Reserved == before[i] {
			continue
		}
		if err := s.store(ctx, &stocks[i], reasonReserved); err != nil {
			return err
		}
	}
	return nil
}

func reserved(stocks []Stock) []int64 {
	pieces := make([]int64, len(stocks))
	for i := range stocks {
		pieces[i] = stocks[i].Reserved
	}
	return pieces
}

// Release gives the pieces of a reservation back. It joins the caller's transaction; one that was released or has expired
// stays as it is. The errors are ErrReservationNotFound, and ErrReservationClosed when the pieces are gone.
func (s *Service) Release(ctx context.Context, reference string) error {
	return s.end(ctx, reference, Released, func(now State) bool { return now == Released || now == Expired })
}

// Commit takes the pieces of a reservation away for good. It joins the caller's transaction; one that was committed stays
// as it is. The errors are ErrReservationNotFound, and ErrReservationClosed when its pieces were given back.
func (s *Service) Commit(ctx context.Context, reference string) error {
	return s.end(ctx, reference, Committed, func(now State) bool { return now == Committed })
}

// end brings a reservation to its end, unless it has come to one that is as good.
func (s *Service) end(ctx context.Context, reference string, to State, ended func(State) bool) error {
	err := s.repo.InTx(ctx, func(ctx context.Context) error {
		reservation, err := s.repo.LockReservation(ctx, reference)
		if err != nil || ended(reservation.State) {
			return err
		}
		if reservation.State != Open {
			return reservation.closed()
		}
		return s.close(ctx, reservation, to)
	})
	if err != nil {
		return fmt.Errorf("make the reservation %q %s: %w", reference, to, err)
	}
	return nil
}

// close takes or gives back the pieces of an open reservation that was locked.
func (s *Service) close(ctx context.Context, reservation *Reservation, to State) error {
	holds, err := s.repo.Holds(ctx, reservation)
	if err != nil {
		return err
	}
	stocks, err := s.lockHeld(ctx, holds)
	if err != nil {
		return err
	}
	var entries []Entry
	for _, hold := range holds {
		stock, reason := stocks[stockID(hold.ProductID, hold.Location)], string(to)
		if stock == nil || stock.Reserved < hold.Quantity {
			return problem.Trace(fmt.Errorf("the stock %s does not have the %d pieces that are held", stockID(hold.ProductID, hold.Location), hold.Quantity))
		}
		stock.Reserved -= hold.Quantity
		if to == Committed {
			stock.OnHand, reason = stock.OnHand-hold.Quantity, reasonSold
		}
		if err := s.store(ctx, stock, reason); err != nil {
			return err
		}
		if to == Committed {
			entry := newEntry(ctx, stock, -hold.Quantity, reason)
			entry.Reference = reservation.Reference
			entries = append(entries, entry)
		}
	}
	if err := s.repo.InsertEntries(ctx, entries); err != nil {
		return err
	}
	reservation.State, reservation.UpdatedAt = to, s.now()
	return s.repo.UpdateReservation(ctx, reservation)
}

// lockHeld locks the stock that holds are of, and gives it by its id.
func (s *Service) lockHeld(ctx context.Context, holds []Hold) (map[string]*Stock, error) {
	products := make([]string, len(holds))
	for i, hold := range holds {
		products[i] = hold.ProductID
	}
	locked, err := s.repo.LockStocks(ctx, products)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*Stock, len(locked))
	for i := range locked {
		byID[locked[i].ID] = &locked[i]
	}
	return byID, nil
}

const expireBatch = 100

type expireResult struct {
	Expired int `json:"expired"`
}

func (s *Service) runExpire(ctx context.Context, _ *tasks.Run, _ struct{}) (expireResult, error) {
	expired, err := s.Expire(ctx)
	return expireResult{expired}, err
}

// Expire gives back the pieces of every reservation whose time is over, each in a transaction of its own, and counts them.
// One that cannot be given back does not keep the others; the error joins those of all.
func (s *Service) Expire(ctx context.Context) (expired int, err error) {
	now := s.now()
	return tasks.Each(ctx, func(ctx context.Context, after string) ([]string, error) {
		return s.repo.DueReservations(ctx, now, after, expireBatch)
	}, s.expire)
}

// expire gives one back, unless somebody was faster or has prolonged it.
func (s *Service) expire(ctx context.Context, reference string) (done bool, err error) {
	err = s.repo.InTx(ctx, func(ctx context.Context) error {
		reservation, err := s.repo.LockReservation(ctx, reference)
		if err != nil {
			return err
		}
		if done = reservation.due(s.now()); !done {
			return nil
		}
		return s.close(ctx, reservation, Expired)
	})
	if err != nil {
		return false, fmt.Errorf("expire the reservation %q: %w", reference, err)
	}
	return done, nil
}
