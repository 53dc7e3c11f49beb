package inventory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/page"
)

// LockReservation finds a reservation by its reference for a transaction that is going to change it. The error is
// ErrReservationNotFound when there is none.
func (r *Repository) LockReservation(ctx context.Context, reference string) (*Reservation, error) {
	var found Reservation
	err := r.Writer(ctx).Scopes(database.ForUpdate).Where("reference = ?", reference).Take(&found).Error
	if database.IsNotFound(err) {
		return nil, ErrReservationNotFound.Errorf("nothing was reserved as %q", reference)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the reservation %q: %w", reference, err)
	}
	return &found, nil
}

// InsertReservation stores a new reservation. When another transaction has just made one with its reference the error is
// database.ErrBusy, which makes InTx begin again and find it.
func (r *Repository) InsertReservation(ctx context.Context, reservation *Reservation) error {
	err := r.Writer(ctx).Create(reservation).Error
	if errors.Is(err, database.ErrDuplicate) {
		return fmt.Errorf("insert the reservation %q: %w: %w", reservation.Reference, database.ErrBusy, err)
	}
	if err != nil {
		return fmt.Errorf("insert the reservation %q: %w", reservation.Reference, err)
	}
	return nil
}

// UpdateReservation stores the state and the expiry of a reservation that was locked, and the state of its holds.
func (r *Repository) UpdateReservation(ctx context.Context, reservation *Reservation) error {
	err := r.Writer(ctx).Model(&Reservation{}).Where("id = ?", reservation.ID).Updates(map[string]any{
		"state": reservation.State, "expires_at": reservation.ExpiresAt, "updated_at": reservation.UpdatedAt,
	}).Error
	if err != nil {
		return fmt.Errorf("update the reservation %q: %w", reservation.Reference, err)
	}
	err = r.Writer(ctx).Model(&Hold{}).Where("reservation_id = ?", reservation.ID).Update("state", reservation.State).Error
	if err != nil {
		return fmt.Errorf("update the holds of the reservation %q: %w", reservation.Reference, err)
	}
	return nil
}

// InsertHolds stores what a reservation holds.
func (r *Repository) InsertHolds(ctx context.Context, reservation *Reservation, holds []Hold) error {
	if err := r.Writer(ctx).Create(&holds).Error; err != nil {
		return fmt.Errorf("insert the holds of the reservation %q: %w", reservation.Reference, err)
	}
	return nil
}

// DeleteHolds takes away what a reservation held.
func (r *Repository) DeleteHolds(ctx context.Context, reservation *Reservation) error {
	if err := r.Writer(ctx).Where("reservation_id = ?", reservation.ID).Delete(&Hold{}).Error; err != nil {
		return fmt.Errorf("delete the holds of the reservation %q: %w", reservation.Reference, err)
	}
	return nil
}

// Holds finds the holds of a reservation.
func (r *Repository) Holds(ctx context.Context, reservation *Reservation) ([]Hold, error) {
	var found []Hold
	err := r.Writer(ctx).Where("reservation_id = ?", reservation.ID).Order("id").Find(&found).Error
	if err != nil {
		return nil, fmt.Errorf("find the holds of the reservation %q: %w", reservation.Reference, err)
	}
	return found, nil
}

// ProductHolds lists the holds of a product in a state with their reservations, a page at a time.
func (r *Repository) ProductHolds(ctx context.Context, productID string, state State, wanted page.Request) (page.Page[Hold], error) {
	var rows []Hold
	err := r.Reader(ctx).Scopes(wanted.Keyset("id").Scope).Where("product_id = ? AND state = ?", productID, state).Find(&rows).Error
	if err != nil {
		return page.Page[Hold]{}, fmt.Errorf("list the reservations of the product %s: %w", productID, err)
	}
	found := page.Cut(rows, wanted.Limit, func(h *Hold) page.Position { return page.Position{Value: h.ID, ID: h.ID} })
	return found, r.loadReservations(ctx, found.Items)
}

func (r *Repository) loadReservations(ctx context.Context, holds []Hold) error {
	if len(holds) == 0 {
		return nil
	}
	ids := make([]string, len(holds))
	for i, hold := range holds {
		ids[i] = hold.ReservationID
	}
	var found []Reservation
	if err := r.Reader(ctx).Where("id IN ?", ids).Find(&found).Error; err != nil {
		return fmt.Errorf("find %d reservations: %w", len(ids), err)
	}
	byID := make(map[string]*Reservation, len(found))
	for i := range found {
		byID[found[i].ID] = &found[i]
	}
	for i := range holds {
		of, found := byID[holds[i].ReservationID]
		if !found { // a replica had less the second time than the first
			return fmt.Errorf("find the reservation %s: %w", holds[i].ReservationID, database.ErrUnavailable)
		}
		holds[i].Reservation = of
	}
	return nil
}

// DueReservations finds the references of open reservations whose time is over at now, at most so many, in order, after the
// last one of the batch before.
func (r *Repository) DueReservations(ctx context.Context, now time.Time, after string, limit int) ([]string, error) {
	var found []string
	err := r.Reader(database.Fresh(ctx)).Model(&Reservation{}).Where("state = ? AND expires_at <= ? AND reference > ?", Open, now, after).
		Order("reference").Limit(limit).Pluck("reference", &found).Error
	if err != nil {
		return nil, fmt.Errorf("find the reservations whose time is over: %w", err)
	}
	return found, nil
}
