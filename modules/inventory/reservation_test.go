package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/modules/inventory"
	"github.com/trellis-go/trellis/modules/inventory/inventoryapi"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/platform/tasks"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestAReservationPromisesAllLinesOrNone(t *testing.T) {
	house := open(t, testkit.Database(t), clock.System)
	house.put(tea, "main", 5)
	house.put(mug, "main", 1)
	err := house.reserve("order", never, line(tea, 5), line(pot, 1), line(mug, 2))
	require.ErrorIs(t, err, inventory.ErrInsufficientStock)
	assert.Equal(t, []problem.Field{
		{In: "body", Pointer: "/lines/1/quantity", Detail: "of the product " + pot + " are 0 available, 1 asked for"},
		{In: "body", Pointer: "/lines/2/quantity", Detail: "of the product " + mug + " are 1 available, 2 asked for"},
	}, problem.From(err).Fields)
	assert.Equal(t, map[string][2]int64{"main": {5, 0}}, house.stock(tea))

	require.NoError(t, house.reserve("order", never, line(tea, 5), line(mug, 1)))
	assert.Equal(t, map[string][2]int64{"main": {5, 5}}, house.stock(tea))
	assert.Equal(t, map[string][2]int64{"main": {1, 1}}, house.stock(mug))
}

func TestAReservationTakesPiecesFromSeveralLocationsWhenItMust(t *testing.T) {
	house := open(t, testkit.Database(t), clock.System)
	house.put(tea, "a", 2)
	house.put(tea, "b", 4)
	require.NoError(t, house.reserve("one place has all", never, line(tea, 3)))
	assert.Equal(t, map[string][2]int64{"a": {2, 0}, "b": {4, 3}}, house.stock(tea))
	require.NoError(t, house.reserve("no place has all", never, line(tea, 3)))
	assert.Equal(t, map[string][2]int64{"a": {2, 2}, "b": {4, 4}}, house.stock(tea))
	require.NoError(t, house.Commit(t.Context(), "no place has all"))
	assert.Equal(t, map[string][2]int64{"a": {0, 0}, "b": {3, 3}}, house.stock(tea))
}

func TestAReservationIsMadeOnceUnderItsReference(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		house := open(t, m, clock.System)
		house.put(tea, "main", 5)
		for range 2 {
			require.NoError(t, house.reserve("order", never, line(tea, 2)))
		}
		require.ErrorIs(t, house.reserve("order", never, line(tea, 3)), inventory.ErrReservationClosed)
		require.ErrorIs(t, house.reserve("order", never, line(tea, 2), line(mug, 1)), inventory.ErrReservationClosed)
		assert.Equal(t, map[string][2]int64{"main": {5, 2}}, house.stock(tea))
		for range 2 {
			require.NoError(t, house.Release(t.Context(), "order"))
		}
		assert.Equal(t, map[string][2]int64{"main": {5, 0}}, house.stock(tea))
		require.ErrorIs(t, house.Commit(t.Context(), "order"), inventory.ErrReservationClosed)

		require.NoError(t, house.reserve("order", never, line(tea, 4)), "what was released is reserved anew")
		for range 2 {
			require.NoError(t, house.Commit(t.Context(), "order"))
		}
		assert.Equal(t, map[string][2]int64{"main": {1, 0}}, house.stock(tea))
		require.ErrorIs(t, house.Release(t.Context(), "order"), inventory.ErrReservationClosed)
		require.ErrorIs(t, house.reserve("order", never, line(tea, 4)), inventory.ErrReservationClosed)
		require.ErrorIs(t, house.Release(t.Context(), "nothing"), inventory.ErrReservationNotFound)
	})
}

func TestLinesThatNobodyMayAskForAreAMistakeInTheProgram(t *testing.T) {
	house := open(t, testkit.Database(t), clock.System)
	for _, lines := range [][]inventoryapi.Line{{line(tea, 0)}, {line(tea, 1), line(tea, 1)}} {
		err := house.reserve("order", never, lines...)
		require.Error(t, err)
		assert.Equal(t, problem.Internal, problem.From(err).Kind)
	}
}

func TestACommitIsInTheLedger(t *testing.T) {
	house := open(t, testkit.Database(t), clock.System)
	house.put(tea, "main", 5)
	require.NoError(t, house.reserve("order", never, line(tea, 2)))
	require.NoError(t, house.Commit(as(t, "somebody"), "order"))
	found, err := house.Entries(t.Context(), tea, page.Request{Limit: 5, Sort: "-created_at"})
	require.NoError(t, err)
	require.Len(t, found.Items, 2)
	entry := found.Items[0]
	assert.Equal(t, []any{int64(-2), int64(3), "sold", "order", "somebody"}, []any{entry.Delta, entry.OnHand, entry.Reason, entry.Reference, entry.Actor})
}

func TestAReservationExpiresUnlessItIsProlonged(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		now := noon
		house := open(t, m, func() time.Time { return now })
		house.put(tea, "main", 9)
		until := noon.Add(time.Minute)
		for i := range 2 {
			require.NoError(t, house.reserve(fmt.Sprint("in time ", i), until.Add(time.Second), line(tea, 1)))
			require.NoError(t, house.reserve(fmt.Sprint("too late ", i), until, line(tea, 1)))
			require.NoError(t, house.reserve(fmt.Sprint("prolonged ", i), until, line(tea, 1)))
			require.NoError(t, house.reserve(fmt.Sprint("prolonged ", i), never, line(tea, 1)))
		}
		require.NoError(t, house.reserve("committed", until, line(tea, 1)))
		require.NoError(t, house.Commit(t.Context(), "committed"))
		now = until.Add(-time.Microsecond)
		expired, err := house.Expire(t.Context())
		require.NoError(t, err)
		assert.Zero(t, expired)
		now = until
		expired, err = house.Expire(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 2, expired)
		assert.Equal(t, map[string][2]int64{"main": {8, 4}}, house.stock(tea))
		require.NoError(t, house.reserve("too late 0", never, line(tea, 1)), "it may be reserved anew")
	})
}

func TestWhetherAReservationIsDueIsDecidedUnderTheLock(t *testing.T) {
	asked := 0
	house := open(t, testkit.Database(t), func() time.Time {
		if asked++; asked == 1 {
			return noon.Add(time.Minute) // when it is looked for
		}
		return noon // when it is locked: as if it had been prolonged meanwhile
	})
	asked = 1
	house.put(tea, "main", 1)
	require.NoError(t, house.reserve("order", noon.Add(time.Minute), line(tea, 1)))
	asked = 0
	expired, err := house.Expire(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 2, asked, "it was found")
	assert.Zero(t, expired)
	assert.Equal(t, map[string][2]int64{"main": {1, 1}}, house.stock(tea))
}

func TestWhatCannotExpireDoesNotKeepTheOthers(t *testing.T) {
	databases := testkit.Database(t)
	now := noon
	house := open(t, databases, func() time.Time { return now })
	house.put(tea, "main", 200)
	for i := range 120 { // more than one batch
		require.NoError(t, house.reserve(fmt.Sprint("order ", i), noon.Add(time.Minute), line(tea, 1)))
	}
	db, err := databases.DB(testkit.Name)
	require.NoError(t, err)
	require.NoError(t, db.Writer(t.Context()).Exec("UPDATE inventory_holds SET quantity = 999 WHERE reservation_id = "+
		"(SELECT id FROM inventory_reservations WHERE reference = 'order 7')").Error)
	now = noon.Add(time.Hour)
	expired, err := house.Expire(t.Context())
	require.ErrorContains(t, err, `expire the reservation "order 7"`)
	assert.Equal(t, 119, expired)
	assert.Equal(t, map[string][2]int64{"main": {200, 1}}, house.stock(tea))

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = house.Expire(ended)
	require.ErrorIs(t, err, context.Canceled)
}

func TestTheScheduleExpiresReservations(t *testing.T) {
	databases := testkit.Database(t)
	house := open(t, databases, clock.System)
	house.put(tea, "main", 1)
	require.NoError(t, house.reserve("order", clock.System().Add(-time.Second), line(tea, 1)))
	cfg := tasks.Config{Database: testkit.Name, Concurrency: 2, Lease: time.Second, Streams: 1}
	background, err := tasks.New(cfg, databases, clock.System, testkit.Quiet())
	require.NoError(t, err)
	hurried := settings
	hurried.ExpireEvery = time.Second
	module := inventory.New(inventory.NewHandler(hurried, house.Service, testkit.Keys(t)))
	worker, err := tasks.NewWorker(background, prometheus.NewRegistry(), module.Tasks, module.Schedules)
	require.NoError(t, err)
	var running sync.WaitGroup
	running.Go(func() { assert.NoError(t, worker.Run(context.Background())) })
	require.Eventually(t, func() bool { return house.stock(tea)["main"] == [2]int64{1, 0} }, 20*time.Second, 5*time.Millisecond)
	require.NoError(t, worker.Drain(t.Context()))
	running.Wait()
}

func TestTheReservationsOfAProductAreListed(t *testing.T) {
	house := open(t, testkit.Database(t), clock.Fixed(noon))
	house.put(tea, "main", 5)
	house.put(mug, "main", 5)
	until := noon.Add(time.Hour)
	require.NoError(t, house.reserve("first", until, line(tea, 2), line(mug, 1)))
	require.NoError(t, house.reserve("second", never, line(tea, 1)))
	require.NoError(t, house.reserve("third", until, line(tea, 1)))
	require.NoError(t, house.Release(t.Context(), "third"))
	client := house.client()
	path := "/api/v2/stock/reservations?product_id=" + tea
	first := map[string]any{
		"reference": "first", "state": "open", "location": "main", "quantity": 2.0, "expires_at": until.Format(time.RFC3339),
		"created_at": noon.Format(time.RFC3339),
	}
	second := map[string]any{
		"reference": "second", "state": "open", "location": "main", "quantity": 1.0, "created_at": noon.Format(time.RFC3339),
	}
	assert.Equal(t, []any{first, second}, client.Get(path).Must(http.StatusOK).JSON()["items"])
	page := client.Get(path + "&limit=1").Must(http.StatusOK).JSON()
	assert.Equal(t, []any{second}, client.Get(path + "&limit=1&cursor=" + page["next_cursor"].(string)).Must(200).JSON()["items"])
	released := client.Get(path + "&state=released").Must(http.StatusOK).JSON()["items"].([]any)
	require.Len(t, released, 1)
	assert.Equal(t, "third", released[0].(map[string]any)["reference"])
}

// crowd runs fn so many times at once and counts what came of it: nil, or the code of the problem.
func crowd(t *testing.T, buyers int, fn func(i int) error) map[string]int {
	t.Helper()
	outcomes := make([]string, buyers)
	var buying sync.WaitGroup
	var ready atomic.Bool
	for i := range buyers {
		buying.Go(func() {
			for !ready.Load() { // so that they begin together
			}
			if err := fn(i); err != nil {
				outcomes[i] = problem.From(err).Kind.Code
			}
		})
	}
	ready.Store(true)
	buying.Wait()
	counted := map[string]int{}
	for _, outcome := range outcomes {
		counted[outcome]++
	}
	return counted
}

func TestTheLastPiecesAreSoldOnce(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		house := open(t, m, clock.System)
		house.put(tea, "a", 4)
		house.put(tea, "b", 6)
		counted := crowd(t, 50, func(i int) error { return house.reserve(fmt.Sprint("buyer ", i), never, line(tea, 1)) })
		assert.Equal(t, map[string]int{"": 10, "insufficient_stock": 40}, counted)
		assert.Equal(t, map[string][2]int64{"a": {4, 4}, "b": {6, 6}}, house.stock(tea))
	})
}

func TestCrossedBasketsWaitForEachOther(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		house := open(t, m, clock.System)
		for _, product := range []string{tea, mug, pot} {
			house.put(product, "a", 20)
			house.put(product, "b", 30)
		}
		counted := crowd(t, 40, func(i int) error {
			basket := []inventoryapi.Line{line(tea, 1), line(mug, 1), line(pot, 1)}
			if i%2 == 1 {
				slices.Reverse(basket)
			}
			reference := fmt.Sprint("buyer ", i)
			if err := house.reserve(reference, never, basket...); err != nil {
				return err
			}
			if i%4 < 2 {
				return house.Commit(t.Context(), reference)
			}
			return house.Release(t.Context(), reference)
		})
		assert.Equal(t, map[string]int{"": 40}, counted)
		for _, product := range []string{tea, mug, pot} {
			stock := house.stock(product)
			assert.Equal(t, int64(50-20), stock["a"][0]+stock["b"][0])
			assert.Zero(t, stock["a"][1]+stock["b"][1])
		}
	})
}

func TestOneReferenceIsReservedOnceByAll(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		house := open(t, m, clock.System)
		house.put(tea, "main", 50)
		counted := crowd(t, 20, func(int) error { return house.reserve("order", never, line(tea, 2)) })
		assert.Equal(t, map[string]int{"": 20}, counted)
		assert.Equal(t, map[string][2]int64{"main": {50, 2}}, house.stock(tea))
	})
}

func TestTheFirstDeliveriesToALocationAddUp(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		house := open(t, m, clock.System)
		counted := crowd(t, 10, func(int) error {
			_, err := house.Adjust(t.Context(), inventory.Adjustment{ProductID: tea, Location: "main", Delta: 1, Reason: "received"})
			return err
		})
		assert.Equal(t, map[string]int{"": 10}, counted)
		assert.Equal(t, map[string][2]int64{"main": {10, 0}}, house.stock(tea))
	})
}

// TestTheBooksAreRightWhateverHappens does things at random, and holds the stock against the ledger and the reservations
// after each.
func TestTheBooksAreRightWhateverHappens(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			databases := testkit.Database(t)
			now, random := noon, rand.New(rand.NewPCG(seed, seed))
			house := open(t, databases, func() time.Time { return now })
			db, err := databases.DB(testkit.Name)
			require.NoError(t, err)
			done := 0
			for range 300 {
				now = now.Add(time.Second)
				if err := house.anything(random, now); err == nil {
					done++
				} else {
					require.Less(t, problem.From(err).Kind.Status, 500, err)
				}
				house.booksAreRight(db)
			}
			assert.Greater(t, done, 100, "more than refusals was tried")
		})
	}
}

func (h house) anything(random *rand.Rand, now time.Time) error {
	products, places := []string{tea, mug, pot}, []string{"a", "b"}
	reference := fmt.Sprint("order ", random.IntN(20))
	switch random.IntN(8) {
	case 0, 1:
		_, err := h.Adjust(h.t.Context(), inventory.Adjustment{
			ProductID: products[random.IntN(3)], Location: places[random.IntN(2)], Delta: int64(random.IntN(20) - 8), Reason: "counted",
		})
		return err
	case 2, 3, 4:
		var lines []inventoryapi.Line
		for _, i := range random.Perm(3)[:1+random.IntN(3)] {
			lines = append(lines, line(products[i], 1+random.IntN(4)))
		}
		return h.reserve(reference, now.Add(time.Duration(random.IntN(40))*time.Second), lines...)
	case 5:
		return h.Commit(h.t.Context(), reference)
	case 6:
		return h.Release(h.t.Context(), reference)
	default:
		_, err := h.Expire(h.t.Context())
		return err
	}
}

// booksAreRight checks that what is on hand is the sum of the ledger, that what is reserved is the sum of the open
// reservations, and that neither is negative nor more than there is.
func (h house) booksAreRight(db *database.DB) {
	h.t.Helper()
	type line struct {
		Product, Place string
		Pieces         int64
	}
	sums := func(query string) (lines []line) {
		require.NoError(h.t, db.Reader(h.t.Context()).Raw(query).Scan(&lines).Error)
		return lines
	}
	assert.Equal(h.t, sums("SELECT product_id product, location place, SUM(delta) pieces FROM inventory_entries GROUP BY product_id, location ORDER BY 1, 2"),
		sums("SELECT product_id product, location place, on_hand pieces FROM inventory_stocks ORDER BY 1, 2"), "on hand")
	assert.Equal(h.t, sums("SELECT h.product_id product, h.location place, SUM(h.quantity) pieces FROM inventory_holds h "+
		"JOIN inventory_reservations r ON r.id = h.reservation_id WHERE r.state = 'open' AND h.state = r.state GROUP BY h.product_id, h.location ORDER BY 1, 2"),
		sums("SELECT product_id product, location place, reserved pieces FROM inventory_stocks WHERE reserved > 0 ORDER BY 1, 2"), "reserved")
	assert.Empty(h.t, sums("SELECT product_id product, location place, on_hand pieces FROM inventory_stocks WHERE reserved < 0 OR reserved > on_hand"))
}

func TestEveryReservationJoinsTheCallersTransaction(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		house := open(t, m, clock.System)
		house.put(tea, "main", 1)
		thought := errors.New("the caller thinks better of it")
		err := house.repo.InTx(t.Context(), func(ctx context.Context) error {
			require.NoError(t, house.Reserve(ctx, "order", []inventoryapi.Line{line(tea, 1)}, never))
			return thought
		})
		require.ErrorIs(t, err, thought)
		assert.Equal(t, map[string][2]int64{"main": {1, 0}}, house.stock(tea))
	})
}

// followed is a house that reads from two replicas: one has a reservation of tea, the other is far behind.
func followed(t *testing.T) house {
	t.Helper()
	cfg, ahead, behind := testkit.EmptyMySQL(t), testkit.EmptyMySQL(t), testkit.EmptyMySQL(t)
	reserved := open(t, testkit.MigratedOn(t, ahead, migrations.Files), clock.System)
	reserved.put(tea, "main", 5)
	require.NoError(t, reserved.reserve("order", never, line(tea, 1)))
	testkit.MigratedOn(t, behind, migrations.Files)
	cfg.Replicas = []config.DSN{ahead.DSN, behind.DSN}
	return open(t, testkit.MigratedOn(t, cfg, migrations.Files), clock.System)
}

func TestARequestReadsHoldsAndTheirReservationsFromOneReplica(t *testing.T) {
	client := followed(t).client()
	counts := map[int]int{}
	for range 6 {
		counts[len(client.Get("/api/v2/stock/reservations?product_id=" + tea).Must(200).JSON()["items"].([]any))]++
	}
	assert.Equal(t, map[int]int{0: 3, 1: 3}, counts)
}

func TestAHoldWhoseReservationIsNotThereYetIsNotShown(t *testing.T) {
	house := followed(t)
	wanted := page.Request{Limit: 5, Sort: "id"}
	_, first := house.Holds(t.Context(), tea, inventory.Open, wanted) // without a session, each read goes elsewhere
	_, second := house.Holds(t.Context(), tea, inventory.Open, wanted)
	require.ErrorIs(t, errors.Join(first, second), database.ErrUnavailable)
}
