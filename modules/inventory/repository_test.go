package inventory_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/modules/inventory"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/test/testkit"
)

// TestRepositoryContract goes through every query of the repository on every engine.
func TestRepositoryContract(t *testing.T) {
	testkit.Shows(t, testkit.Repositories)
	testkit.Contract(t, testkit.Scenarios(func(t *testing.T, m *database.Manager) shelf {
		repo, err := inventory.NewRepository(settings, m)
		require.NoError(t, err)
		return shelf{Repository: repo, ctx: t.Context()}
	}, map[string]func(*testing.T, shelf){
		"stock is found as it was stored":                   stockRoundTrip,
		"stock that another has just made begins it again":  stockTwice,
		"stock that was changed meanwhile is not written":   stockStale,
		"stock of many products is in the order of its ids": stockOfMany,
		"stock has pages and filters":                       stockPages,
		"the ledger has pages":                              ledgerPages,
		"a reservation is found as it was stored":           reservationRoundTrip,
		"a reference belongs to one reservation":            reservationTwice,
		"holds follow their reservation":                    holdsFollow,
		"what is due is found":                              reservationsDue,
	}))
}

// shelf is a repository, with things to put into it that are the same in each run.
type shelf struct {
	*inventory.Repository
	ctx context.Context
}

func (s shelf) within(t *testing.T, fn func(ctx context.Context) error) {
	t.Helper()
	require.NoError(t, s.InTx(s.ctx, fn))
}

func lying(productID, location string, pieces int64) *inventory.Stock {
	return &inventory.Stock{
		ID: productID + "@" + location, ProductID: productID, Location: location, OnHand: pieces, Reserved: 1, Version: 1,
		CreatedAt: noon, UpdatedAt: noon,
	}
}

func (s shelf) insert(t *testing.T, stocks ...*inventory.Stock) {
	t.Helper()
	for _, stock := range stocks {
		require.NoError(t, s.InsertStock(s.ctx, stock))
	}
}

func stockRoundTrip(t *testing.T, s shelf) {
	want := lying(tea, "main", 5)
	s.insert(t, want, lying(tea, "cellar", 4), lying(mug, "main", 3))
	s.within(t, func(ctx context.Context) error {
		found, err := s.LockStock(ctx, tea, "main")
		assert.Equal(t, want, found)
		return err
	})
	pieces, known, err := s.Available(s.ctx, tea)
	require.NoError(t, err)
	assert.Equal(t, int64(4+3), pieces)
	assert.True(t, known)
	pieces, known, err = s.Available(s.ctx, pot)
	require.NoError(t, err)
	assert.Zero(t, pieces)
	assert.False(t, known)
	s.within(t, func(ctx context.Context) error {
		found, err := s.LockStock(ctx, pot, "main")
		assert.Nil(t, found)
		return err
	})
}

func stockTwice(t *testing.T, s shelf) {
	s.insert(t, lying(tea, "main", 5))
	require.ErrorIs(t, s.InsertStock(s.ctx, lying(tea, "main", 5)), database.ErrBusy)
}

func stockStale(t *testing.T, s shelf) {
	changed := lying(tea, "main", 5)
	s.insert(t, changed)
	changed.OnHand, changed.Reserved, changed.Version, changed.UpdatedAt = 7, 2, 2, noon.Add(time.Hour)
	require.NoError(t, s.UpdateStock(s.ctx, changed))
	s.within(t, func(ctx context.Context) error {
		found, err := s.LockStock(ctx, tea, "main")
		assert.Equal(t, changed, found)
		return err
	})
	require.ErrorContains(t, s.UpdateStock(s.ctx, changed), "although it was locked")
}

func stockOfMany(t *testing.T, s shelf) {
	want := []inventory.Stock{*lying(tea, "cellar", 1), *lying(tea, "main", 2), *lying(mug, "main", 3)}
	s.insert(t, &want[2], &want[1], &want[0], lying(pot, "main", 4))
	s.within(t, func(ctx context.Context) error {
		found, err := s.LockStocks(ctx, []string{mug, tea})
		assert.Equal(t, want, found)
		return err
	})
}

// TestStockThatIsLockedIsWaitedFor is for a server: on SQLite whoever wants to write waits anyhow.
func TestStockThatIsLockedIsWaitedFor(t *testing.T) {
	repo, err := inventory.NewRepository(settings, testkit.MigratedOn(t, testkit.EmptyMySQL(t), migrations.Files))
	require.NoError(t, err)
	s := shelf{Repository: repo, ctx: t.Context()}
	s.insert(t, lying(tea, "cellar", 1), lying(tea, "main", 2), lying(mug, "main", 3), lying(pot, "main", 4))
	meanwhile := func(productID, location string) error {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		return s.InTx(ctx, func(ctx context.Context) error {
			_, err := s.LockStock(ctx, productID, location)
			return err
		})
	}
	s.within(t, func(ctx context.Context) error {
		_, err := s.LockStocks(ctx, []string{mug, tea})
		require.ErrorIs(t, meanwhile(tea, "cellar"), context.DeadlineExceeded)
		require.ErrorIs(t, meanwhile(tea, "main"), context.DeadlineExceeded)
		require.ErrorIs(t, meanwhile(mug, "main"), context.DeadlineExceeded)
		return err
	})
	require.NoError(t, meanwhile(tea, "main"))
}

func stockPages(t *testing.T, s shelf) {
	all := []inventory.Stock{*lying(tea, "cellar", 1), *lying(tea, "main", 2), *lying(mug, "main", 3)}
	s.insert(t, &all[2], &all[0], &all[1])
	for _, c := range []struct { // in one order in each run
		filter inventory.StockFilter
		want   []inventory.Stock
	}{
		{inventory.StockFilter{}, all},
		{inventory.StockFilter{ProductID: tea}, all[:2]},
		{inventory.StockFilter{Location: "main"}, all[1:]},
		{inventory.StockFilter{ProductID: mug, Location: "cellar"}, nil},
	} {
		var read []inventory.Stock
		wanted := page.Request{Limit: 1, Sort: "id"}
		for {
			found, err := s.Stocks(s.ctx, c.filter, wanted)
			require.NoError(t, err)
			read = append(read, found.Items...)
			if wanted.After = found.Next; found.Next == nil {
				break
			}
		}
		assert.Equal(t, c.want, read, "%+v", c.filter)
	}
}

func ledgerPages(t *testing.T, s shelf) {
	var entries []inventory.Entry
	for i := range 3 {
		entries = append(entries, inventory.Entry{
			ID: product(100 + i), ProductID: tea, Location: "main", Delta: int64(i), OnHand: int64(i), Version: int64(i), Reason: "received",
			CreatedAt: noon.Add(time.Duration(i) * time.Second), // note, reference and actor are empty, which is NULL to Oracle
		})
	}
	other := entries[0]
	other.ID, other.ProductID, other.Note, other.Reference, other.Actor = product(200), mug, "a note", "order", "somebody"
	require.NoError(t, s.InsertEntries(s.ctx, append([]inventory.Entry{other}, entries...)))
	require.NoError(t, s.InsertEntries(s.ctx, nil))
	first, err := s.Entries(s.ctx, tea, page.Request{Limit: 2, Sort: "-created_at"})
	require.NoError(t, err)
	assert.Equal(t, []inventory.Entry{entries[2], entries[1]}, first.Items)
	last, err := s.Entries(s.ctx, tea, page.Request{Limit: 2, Sort: "-created_at", After: first.Next})
	require.NoError(t, err)
	assert.Equal(t, entries[:1], last.Items)
	found, err := s.Entries(s.ctx, mug, page.Request{Limit: 2, Sort: "created_at"})
	require.NoError(t, err)
	assert.Equal(t, []inventory.Entry{other}, found.Items)
}

// promised is a reservation that expires so many minutes after noon.
func promised(i, minutes int) *inventory.Reservation {
	until := noon.Add(time.Duration(minutes) * time.Minute)
	return &inventory.Reservation{
		ID: product(500 + i), Reference: product(600 + i), State: inventory.Open, ExpiresAt: &until, CreatedAt: noon, UpdatedAt: noon,
	}
}

func reservationRoundTrip(t *testing.T, s shelf) {
	want := promised(1, 5)
	require.NoError(t, s.InsertReservation(s.ctx, want))
	s.within(t, func(ctx context.Context) error {
		found, err := s.LockReservation(ctx, want.Reference)
		assert.Equal(t, want, found)
		return err
	})
	want.ExpiresAt, want.UpdatedAt = nil, noon.Add(time.Hour)
	require.NoError(t, s.UpdateReservation(s.ctx, want))
	s.within(t, func(ctx context.Context) error {
		found, err := s.LockReservation(ctx, want.Reference)
		assert.Equal(t, want, found)
		return err
	})
	err := s.InTx(s.ctx, func(ctx context.Context) error {
		_, err := s.LockReservation(ctx, "nothing")
		return err
	})
	require.ErrorIs(t, err, inventory.ErrReservationNotFound)
}

func reservationTwice(t *testing.T, s shelf) {
	require.NoError(t, s.InsertReservation(s.ctx, promised(1, 5)))
	second := promised(2, 5)
	second.Reference = promised(1, 5).Reference
	attempts := 0
	err := s.InTx(s.ctx, func(ctx context.Context) error {
		if attempts++; attempts > 1 {
			return errors.New("it was begun again")
		}
		return s.InsertReservation(ctx, second)
	})
	require.EqualError(t, err, "it was begun again")
}

func holdsFollow(t *testing.T, s shelf) {
	of := promised(1, 5)
	require.NoError(t, s.InsertReservation(s.ctx, of))
	holds := []inventory.Hold{
		{ID: product(700), ReservationID: of.ID, ProductID: tea, Location: "main", Quantity: 2, State: inventory.Open},
		{ID: product(701), ReservationID: of.ID, ProductID: mug, Location: "main", Quantity: 1, State: inventory.Open},
	}
	require.NoError(t, s.InsertHolds(s.ctx, of, holds))
	found, err := s.Holds(s.ctx, of)
	require.NoError(t, err)
	assert.Equal(t, holds, found)
	listed, err := s.ProductHolds(s.ctx, tea, inventory.Open, page.Request{Limit: 5, Sort: "id"})
	require.NoError(t, err)
	want := holds[0]
	want.Reservation = of
	assert.Equal(t, []inventory.Hold{want}, listed.Items)

	of.State = inventory.Released
	require.NoError(t, s.UpdateReservation(s.ctx, of))
	listed, err = s.ProductHolds(s.ctx, tea, inventory.Open, page.Request{Limit: 5, Sort: "id"})
	require.NoError(t, err)
	assert.Empty(t, listed.Items)
	require.NoError(t, s.DeleteHolds(s.ctx, of))
	found, err = s.Holds(s.ctx, of)
	require.NoError(t, err)
	assert.Empty(t, found)
}

func reservationsDue(t *testing.T, s shelf) {
	kept := promised(4, 0)
	kept.ExpiresAt = nil
	gone := promised(5, 0)
	gone.State = inventory.Released
	for _, one := range []*inventory.Reservation{promised(1, 5), promised(2, 6), promised(3, 4), kept, gone} {
		require.NoError(t, s.InsertReservation(s.ctx, one))
	}
	now := noon.Add(5 * time.Minute)
	due, err := s.DueReservations(s.ctx, now, "", 1)
	require.NoError(t, err)
	assert.Equal(t, []string{promised(1, 5).Reference}, due)
	due, err = s.DueReservations(s.ctx, now, due[0], 5)
	require.NoError(t, err)
	assert.Equal(t, []string{promised(3, 4).Reference}, due)
}
