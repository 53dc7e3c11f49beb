package analytics

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/trellis-go/trellis/platform/database"
)

// ClickHouseWarehouse keeps facts in ClickHouse. Its table replaces rows with the same id as it merges them, and every report
// reads it FINAL, that is, as if all were merged: so a fact counts once, however often it was stored.
type ClickHouseWarehouse struct{ *database.ClickHouse }

// factColumns is a fact as ClickHouse has it.
type factColumns struct {
	EventID    string    `ch:"event_id"`
	OrderID    string    `ch:"order_id"`
	Kind       string    `ch:"kind"`
	HappenedAt time.Time `ch:"happened_at"`
	PlacedAt   time.Time `ch:"placed_at"`
	Waited     *int64    `ch:"waited"` // microseconds
	Currency   string    `ch:"currency"`
	TotalCents int64     `ch:"total_cents"`
	Units      int64     `ch:"units"`
	ProductIDs []string  `ch:"product_ids"`
	Quantities []int64   `ch:"quantities"`
	Revenues   []int64   `ch:"revenues"`
}

// Store sends facts as one batch, whose token comes of their ids: the same batch sent again is not even stored.
func (w *ClickHouseWarehouse) Store(ctx context.Context, facts []Fact) error {
	rows, digest := make([]factColumns, 0, len(facts)), sha256.New()
	for _, f := range facts {
		digest.Write([]byte(f.EventID))
		row := factColumns{
			EventID: f.EventID, OrderID: f.OrderID, Kind: string(f.Kind), HappenedAt: f.At, PlacedAt: f.PlacedAt,
			Currency: f.Currency, TotalCents: f.TotalCents, Units: f.Units,
		}
		if f.Waited != nil {
			waited := f.Waited.Microseconds()
			row.Waited = &waited
		}
		for _, s := range f.Sold {
			row.ProductIDs = append(row.ProductIDs, s.ProductID)
			row.Quantities = append(row.Quantities, s.Quantity)
			row.Revenues = append(row.Revenues, s.RevenueCents)
		}
		rows = append(rows, row)
	}
	err := database.Insert(ctx, w.ClickHouse, "analytics_facts", rows, database.Token(hex.EncodeToString(digest.Sum(nil))))
	return migrated(err)
}

// period is the parameters of a period, in Unix microseconds: {from:Int64} and {to:Int64}.
func (p Period) params() database.Params {
	return database.Params{"from": p.From.UnixMicro(), "to": p.To.UnixMicro()}
}

// paid chooses the facts of orders that were paid in a period. Months are partitions, and no fact is in two of them.
const (
	paid = ` FROM analytics_facts FINAL WHERE kind = 'paid' AND happened_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC')
		AND happened_at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')`
	byPartition = ` SETTINGS do_not_merge_across_partitions_select_final = 1`
)

// Sales are added up by the intervals themselves.
func (w *ClickHouseWarehouse) Sales(ctx context.Context, p Period, starts []time.Time) ([]Sales, error) {
	var rows []struct {
		Start        int64  `ch:"start"`
		Currency     string `ch:"currency"`
		Orders       int64  `ch:"orders"`
		Units        int64  `ch:"units"`
		RevenueCents int64  `ch:"revenue_cents"`
	}
	seconds := make([]int64, len(starts))
	for i, start := range starts {
		seconds[i] = start.Unix()
	}
	params := p.params()
	params["starts"] = seconds
	err := w.Select(ctx, &rows, `SELECT toInt64(roundDown(toUnixTimestamp(happened_at), {starts:Array(Int64)})) AS start, toString(currency) AS currency,
		toInt64(count()) AS orders, sum(units) AS units, sum(total_cents) AS revenue_cents`+paid+
		` GROUP BY start, currency`+byPartition, params)
	if err != nil {
		return nil, fmt.Errorf("count sales: %w", migrated(err))
	}
	sales := make([]Sales, len(rows))
	for i, row := range rows {
		start := starts[intervalOf(starts, time.Unix(row.Start, 0))]
		sales[i] = Sales{Start: start, Currency: row.Currency, Orders: row.Orders, Units: row.Units, RevenueCents: row.RevenueCents}
	}
	return sales, nil
}

// TopProducts ranks in the database. What it groups by is of a fixed length, which takes half of the time that texts do.
func (w *ClickHouseWarehouse) TopProducts(ctx context.Context, p Period, by Measure, limit int) ([]ProductSales, error) {
	var rows []struct {
		Currency     string `ch:"currency"`
		ProductID    string `ch:"product_id"`
		Quantity     int64  `ch:"quantity"`
		RevenueCents int64  `ch:"revenue_cents"`
	}
	params := p.params()
	params["limit"] = limit
	err := w.Select(ctx, &rows, `SELECT toString(money) AS currency, toString(product) AS product_id, sum(pieces) AS quantity, sum(revenue) AS revenue_cents
		FROM (SELECT toFixedString(currency, 3) AS money, product_ids, quantities, revenues`+paid+`)
		ARRAY JOIN product_ids AS product, quantities AS pieces, revenues AS revenue
		GROUP BY money, product ORDER BY currency, `+columnOf(by)+` DESC, product_id LIMIT {limit:UInt32} BY currency`+byPartition, params)
	if err != nil {
		return nil, fmt.Errorf("rank products by %s: %w", by, migrated(err))
	}
	found := make([]ProductSales, len(rows))
	for i, row := range rows {
		found[i] = ProductSales(row)
	}
	return found, nil
}

// Steps asks of all that happened since the period began: nothing happens to an order before it is placed.
func (w *ClickHouseWarehouse) Steps(ctx context.Context, p Period) ([]Step, error) {
	var rows []struct {
		Kind   string `ch:"kind"`
		Orders int64  `ch:"orders"`
		Known  int64  `ch:"known"`
		Median int64  `ch:"median"`
	}
	err := w.Select(ctx, &rows, `SELECT toString(kind) AS kind, toInt64(count()) AS orders, toInt64(count(waited)) AS known,
		toInt64(ifNull(quantileExact(0.5)(waited), 0)) AS median
		FROM analytics_facts FINAL WHERE happened_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC')
		AND placed_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND placed_at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
		GROUP BY kind`+byPartition, p.params())
	if err != nil {
		return nil, fmt.Errorf("count the steps of orders: %w", migrated(err))
	}
	steps := make([]Step, len(rows))
	for i, row := range rows {
		steps[i] = Step{Kind: Kind(row.Kind), Orders: row.Orders}
		if row.Known > 0 {
			median := time.Duration(row.Median) * time.Microsecond
			steps[i].Median = &median
		}
	}
	return steps, nil
}

// Baskets picks the orders at the quantiles; they are exact here, too.
func (w *ClickHouseWarehouse) Baskets(ctx context.Context, p Period) ([]Basket, error) {
	var rows []struct {
		Currency     string  `ch:"currency"`
		Orders       int64   `ch:"orders"`
		RevenueCents int64   `ch:"revenue_cents"`
		Quantiles    []int64 `ch:"at"`
	}
	levels := make([]string, len(quantiles))
	for i, quantile := range quantiles {
		levels[i] = fmt.Sprintf("0.%02d", quantile)
	}
	err := w.Select(ctx, &rows, `SELECT toString(currency) AS currency, toInt64(count()) AS orders, sum(total_cents) AS revenue_cents,
		quantilesExact(`+strings.Join(levels, ", ")+`)(total_cents) AS at`+paid+` GROUP BY currency ORDER BY currency`+byPartition, p.params())
	if err != nil {
		return nil, fmt.Errorf("find the quantiles of baskets: %w", migrated(err))
	}
	baskets := make([]Basket, len(rows))
	for i, row := range rows {
		baskets[i] = Basket(row)
	}
	return baskets, nil
}

// migrated makes the lack of a table one of the warehouse: it was down when the migrations were applied.
func migrated(err error) error {
	var exception *clickhouse.Exception
	if errors.As(err, &exception) && slices.Contains([]proto.Error{proto.ErrUnknownTable, proto.ErrUnknownDatabase}, proto.Error(exception.Code)) {
		return ErrWarehouse.New("its migrations have not been applied: run server migrate up").Because(err)
	}
	return err
}
