package order_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/order"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/test/testkit"
)

// TestRepositoryContract goes through every query of the repository on every engine.
func TestRepositoryContract(t *testing.T) {
	testkit.Shows(t, testkit.Repositories)
	testkit.Contract(t, testkit.Scenarios(func(t *testing.T, m *database.Manager) drawer {
		repo, err := order.NewRepository(settings, m)
		require.NoError(t, err)
		return drawer{Repository: repo, ctx: t.Context()}
	}, map[string]func(*testing.T, drawer){
		"an order is found as it was stored":      orderRoundTrip,
		"an order that is not there":              orderMissing,
		"an order is updated once from a version": orderUpdate,
		"orders have pages and filters":           orderPages,
		"a history has pages":                     changePages,
		"what is due is found":                    ordersDue,
		"what is owed is found":                   ordersOwed,
	}))
}

// drawer is a repository, with things to put into it that are the same in each run.
type drawer struct {
	*order.Repository
	ctx context.Context
}

// placed is an order of so many lines, i minutes after noon.
func placed(i, lines int) *order.Order {
	at := noon.Add(time.Duration(i) * time.Minute)
	made := &order.Order{
		ID: uuid(100 + i), CustomerID: "ada", Status: order.Placed, TotalCents: 100, Currency: "EUR", PaymentStatus: order.Unpaid,
		Version: 1, PlacedAt: at, ExpiresAt: at.Add(time.Hour), UpdatedAt: at, // the rest is empty, which is NULL to Oracle
	}
	for n := range lines {
		made.Lines = append(made.Lines, order.Line{
			OrderID: made.ID, LineNo: n, ProductID: uuid(n), SKU: "SKU", Name: "Tea", Quantity: n + 1, PriceCents: 50,
		})
	}
	return made
}

func (d drawer) insert(t *testing.T, orders ...*order.Order) {
	t.Helper()
	for _, one := range orders {
		require.NoError(t, d.InTx(d.ctx, func(ctx context.Context) error { return d.InsertOrder(ctx, one) }))
	}
}

func orderRoundTrip(t *testing.T, d drawer) {
	want := placed(1, 100)
	d.insert(t, want, placed(2, 1))
	found, err := d.Order(d.ctx, want.ID)
	require.NoError(t, err)
	assert.Equal(t, want, found)
	require.NoError(t, d.InTx(d.ctx, func(ctx context.Context) error {
		locked, err := d.LockOrder(ctx, want.ID)
		assert.Equal(t, want, locked)
		return err
	}))
}

func orderMissing(t *testing.T, d drawer) {
	_, err := d.Order(d.ctx, uuid(1))
	require.ErrorIs(t, err, order.ErrOrderNotFound)
}

func orderUpdate(t *testing.T, d drawer) {
	changed := placed(1, 2)
	d.insert(t, changed)
	changed.Status, changed.PaymentStatus, changed.PaymentRef = order.Shipped, order.Captured, "ref"
	changed.Carrier, changed.Tracking, changed.UpdatedAt = "DHL", "4711", noon.Add(time.Hour)
	require.NoError(t, d.UpdateOrder(d.ctx, changed))
	assert.Equal(t, int64(2), changed.Version)
	found, err := d.Order(d.ctx, changed.ID)
	require.NoError(t, err)
	assert.Equal(t, changed, found)
	changed.Version = 1
	require.ErrorContains(t, d.UpdateOrder(d.ctx, changed), "although it was locked")
}

func orderPages(t *testing.T, d drawer) {
	other, paid := placed(3, 1), placed(4, 2)
	other.CustomerID, paid.Status = "bob", order.Paid
	d.insert(t, placed(1, 1), placed(2, 2), other, paid)
	for _, c := range []struct { // in one order in each run
		filter order.Filter
		sort   string
		want   []order.Order
	}{
		{order.Filter{}, "-placed_at", []order.Order{*paid, *other, *placed(2, 2), *placed(1, 1)}},
		{order.Filter{CustomerID: "ada"}, "placed_at", []order.Order{*placed(1, 1), *placed(2, 2), *paid}},
		{order.Filter{CustomerID: "ada", Status: order.Paid}, "placed_at", []order.Order{*paid}},
		{order.Filter{Status: order.Expired}, "placed_at", nil},
	} {
		var read []order.Order
		wanted := page.Request{Limit: 1, Sort: c.sort}
		for {
			found, err := d.Orders(d.ctx, c.filter, wanted)
			require.NoError(t, err)
			read = append(read, found.Items...)
			if wanted.After = found.Next; found.Next == nil {
				break
			}
		}
		assert.Equal(t, c.want, read, "%+v", c.filter)
	}
}

func changePages(t *testing.T, d drawer) {
	d.insert(t, placed(1, 1), placed(2, 1))
	changes := []order.Change{
		{ID: uuid(200), OrderID: placed(1, 1).ID, ToStatus: order.Placed, Actor: "ada", CreatedAt: noon},
		{ID: uuid(201), OrderID: placed(1, 1).ID, FromStatus: order.Placed, ToStatus: order.Expired, Reason: "late", CreatedAt: noon.Add(time.Hour)},
		{ID: uuid(202), OrderID: placed(2, 1).ID, ToStatus: order.Placed, Actor: "ada", CreatedAt: noon},
	}
	for i := range changes {
		require.NoError(t, d.InsertChange(d.ctx, &changes[i]))
	}
	first, err := d.Changes(d.ctx, placed(1, 1).ID, page.Request{Limit: 1, Sort: "created_at"})
	require.NoError(t, err)
	assert.Equal(t, changes[:1], first.Items)
	last, err := d.Changes(d.ctx, placed(1, 1).ID, page.Request{Limit: 1, Sort: "created_at", After: first.Next})
	require.NoError(t, err)
	assert.Equal(t, changes[1:2], last.Items)
}

func ordersDue(t *testing.T, d drawer) {
	paid := placed(2, 1)
	paid.Status = order.Paid
	d.insert(t, placed(1, 1), paid, placed(3, 1), placed(4, 1))
	now := placed(3, 1).ExpiresAt
	due, err := d.DueOrders(d.ctx, now, "", 1)
	require.NoError(t, err)
	assert.Equal(t, []string{placed(1, 1).ID}, due)
	due, err = d.DueOrders(d.ctx, now, due[0], 5)
	require.NoError(t, err)
	assert.Equal(t, []string{placed(3, 1).ID}, due)
}

func ordersOwed(t *testing.T, d drawer) {
	owed := func(i int) *order.Order {
		one := placed(i, 1)
		one.PaymentStatus = order.Refunding
		return one
	}
	d.insert(t, owed(3), placed(2, 1), owed(1))
	found, err := d.OwedOrders(d.ctx, "", 1)
	require.NoError(t, err)
	assert.Equal(t, []string{owed(1).ID}, found)
	found, err = d.OwedOrders(d.ctx, found[0], 5)
	require.NoError(t, err)
	assert.Equal(t, []string{owed(3).ID}, found)
}
