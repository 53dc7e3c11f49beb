package analytics

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"github.com/trellis-go/trellis/platform/database"
)

// SQLWarehouse keeps facts in a transactional database: what serves until there is a ClickHouse.
type SQLWarehouse struct{ *database.DB }

// factRow is a fact. Times are in Unix microseconds.
type factRow struct {
	EventID    string `gorm:"size:36;primaryKey"`
	OrderID    string `gorm:"size:36;not null"`
	Kind       Kind   `gorm:"size:20;not null;index:analytics_facts_happened,priority:1;index:analytics_facts_placed,priority:2"`
	HappenedAt int64  `gorm:"not null;index:analytics_facts_happened,priority:2"`
	Quarter    int64  `gorm:"not null"` // of an hour in which it happened, counted as Unix time is
	PlacedAt   int64  `gorm:"not null;index:analytics_facts_placed,priority:1"`
	Waited     *int64 // microseconds
	Currency   string `gorm:"size:3;not null"`
	TotalCents int64  `gorm:"not null"`
	Units      int64  `gorm:"not null"`
}

// TableName names the table.
func (factRow) TableName() string { return "analytics_facts" }

// soldRow is what an order had of a product when it was paid.
type soldRow struct {
	EventID      string `gorm:"size:36;primaryKey"`
	ProductID    string `gorm:"size:36;primaryKey"`
	HappenedAt   int64  `gorm:"not null;index:analytics_sold_happened"`
	Currency     string `gorm:"size:3;not null"`
	Quantity     int64  `gorm:"not null"`
	RevenueCents int64  `gorm:"not null"`
}

// TableName names the table.
func (soldRow) TableName() string { return "analytics_sold" }

// quarterHour is what times are counted by before the intervals of a report are known: every time zone is whole quarters of
// an hour away from UTC.
const quarterHour = 15 * time.Minute

const storeRows = 200 // in one statement

// Store keeps facts, whole chunks of them: one that fails half-way is to be stored again.
func (w *SQLWarehouse) Store(ctx context.Context, facts []Fact) error {
	var rows []factRow
	var sold []soldRow
	for _, f := range facts {
		row := factRow{
			EventID: f.EventID, OrderID: f.OrderID, Kind: f.Kind, HappenedAt: f.At.UnixMicro(),
			Quarter: f.At.Unix() / int64(quarterHour/time.Second), PlacedAt: f.PlacedAt.UnixMicro(), Currency: f.Currency,
			TotalCents: f.TotalCents, Units: f.Units,
		}
		if f.Waited != nil {
			waited := f.Waited.Microseconds()
			row.Waited = &waited
		}
		rows = append(rows, row)
		for _, s := range f.Sold {
			sold = append(sold, soldRow{f.EventID, s.ProductID, row.HappenedAt, f.Currency, s.Quantity, s.RevenueCents})
		}
	}
	if err := storeOnce(ctx, w.DB, rows); err != nil {
		return err
	}
	return storeOnce(ctx, w.DB, sold)
}

// storeOnce inserts those rows whose keys are not there yet.
func storeOnce[T any](ctx context.Context, db *database.DB, rows []T) error {
	for chunk := range slices.Chunk(rows, storeRows) {
		if err := db.Writer(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&chunk).Error; err != nil {
			return fmt.Errorf("store %d facts: %w", len(chunk), err)
		}
	}
	return nil
}

// Sales are added up by quarters of an hour in the database, which knows no time zones, and by intervals here.
func (w *SQLWarehouse) Sales(ctx context.Context, p Period, starts []time.Time) ([]Sales, error) {
	var rows []struct {
		Quarter, Orders, Units, RevenueCents int64
		Currency                             string
	}
	err := w.Reader(ctx).Raw("SELECT quarter, currency, COUNT(*) AS orders, SUM(units) AS units, SUM(total_cents) AS revenue_cents "+
		"FROM analytics_facts WHERE kind = ? AND happened_at >= ? AND happened_at < ? GROUP BY quarter, currency",
		Paid, p.From.UnixMicro(), p.To.UnixMicro()).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count sales: %w", err)
	}
	type key struct {
		interval int
		currency string
	}
	sums := map[key]*Sales{}
	var sales []*Sales
	for _, row := range rows {
		of := key{intervalOf(starts, time.Unix(row.Quarter*int64(quarterHour/time.Second), 0)), row.Currency}
		if sums[of] == nil {
			sums[of] = &Sales{Start: starts[of.interval], Currency: of.currency}
			sales = append(sales, sums[of])
		}
		sums[of].Orders += row.Orders
		sums[of].Units += row.Units
		sums[of].RevenueCents += row.RevenueCents
	}
	found := make([]Sales, len(sales))
	for i, one := range sales {
		found[i] = *one
	}
	return found, nil
}

// intervalOf is the index of the interval that a time is in. What is before the first is in the first.
func intervalOf(starts []time.Time, at time.Time) int {
	i, found := slices.BinarySearchFunc(starts, at, time.Time.Compare)
	if !found {
		i--
	}
	return max(i, 0)
}

// TopProducts ranks in the database.
func (w *SQLWarehouse) TopProducts(ctx context.Context, p Period, by Measure, limit int) ([]ProductSales, error) {
	var rows []ProductSales
	err := w.Reader(ctx).Raw("SELECT currency, product_id, quantity, revenue_cents FROM ( "+
		"SELECT currency, product_id, SUM(quantity) AS quantity, SUM(revenue_cents) AS revenue_cents, "+
		"ROW_NUMBER() OVER (PARTITION BY currency ORDER BY SUM("+columnOf(by)+") DESC, product_id) AS place "+
		"FROM analytics_sold WHERE happened_at >= ? AND happened_at < ? GROUP BY currency, product_id) ranked "+
		"WHERE place <= ? ORDER BY currency, place", p.From.UnixMicro(), p.To.UnixMicro(), limit).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("rank products by %s: %w", by, err)
	}
	return rows, nil
}

// columnOf is the column that has a measure.
func columnOf(by Measure) string {
	if by == ByQuantity {
		return "quantity"
	}
	return "revenue_cents"
}

// Steps finds the median of each step as the row in the middle.
func (w *SQLWarehouse) Steps(ctx context.Context, p Period) ([]Step, error) {
	var counts []struct {
		Kind   Kind
		Orders int64
	}
	from, to := p.From.UnixMicro(), p.To.UnixMicro()
	err := w.Reader(ctx).Raw("SELECT kind, COUNT(*) AS orders FROM analytics_facts WHERE placed_at >= ? AND placed_at < ? "+
		"GROUP BY kind", from, to).Scan(&counts).Error
	if err != nil {
		return nil, fmt.Errorf("count the steps of orders: %w", err)
	}
	var middle []struct {
		Kind   Kind
		Waited int64
	}
	err = w.Reader(ctx).Raw("SELECT kind, waited FROM ( "+
		"SELECT kind, waited, ROW_NUMBER() OVER (PARTITION BY kind ORDER BY waited) AS place, COUNT(*) OVER (PARTITION BY kind) AS many "+
		"FROM analytics_facts WHERE placed_at >= ? AND placed_at < ? AND waited IS NOT NULL) ranked "+
		"WHERE (place - 1) * 2 <= many AND many < place * 2", from, to).Scan(&middle).Error
	if err != nil {
		return nil, fmt.Errorf("find how long orders took: %w", err)
	}
	medians := map[Kind]*time.Duration{}
	for _, row := range middle {
		waited := time.Duration(row.Waited) * time.Microsecond
		medians[row.Kind] = &waited
	}
	steps := make([]Step, len(counts))
	for i, row := range counts {
		steps[i] = Step{Kind: row.Kind, Orders: row.Orders, Median: medians[row.Kind]}
	}
	return steps, nil
}

// Baskets reads the row at each quantile.
func (w *SQLWarehouse) Baskets(ctx context.Context, p Period) ([]Basket, error) {
	var at []string
	for _, quantile := range quantiles { // constants of the program
		at = append(at, fmt.Sprintf("(place - 1) * 100 <= many * %d AND many * %d < place * 100", quantile, quantile))
	}
	var rows []struct {
		Currency                              string
		TotalCents, Place, Many, RevenueCents int64
	}
	err := w.Reader(ctx).Raw("SELECT currency, total_cents, place, many, revenue_cents FROM ( "+
		"SELECT currency, total_cents, ROW_NUMBER() OVER (PARTITION BY currency ORDER BY total_cents) AS place, "+
		"COUNT(*) OVER (PARTITION BY currency) AS many, SUM(total_cents) OVER (PARTITION BY currency) AS revenue_cents "+
		"FROM analytics_facts WHERE kind = ? AND happened_at >= ? AND happened_at < ?) ranked "+
		"WHERE "+strings.Join(at, " OR ")+" ORDER BY currency, place", Paid, p.From.UnixMicro(), p.To.UnixMicro()).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("find the quantiles of baskets: %w", err)
	}
	var baskets []Basket
	for _, row := range rows {
		if last := len(baskets) - 1; last < 0 || baskets[last].Currency != row.Currency {
			baskets = append(baskets, Basket{
				Currency: row.Currency, Orders: row.Many, RevenueCents: row.RevenueCents, Quantiles: make([]int64, len(quantiles)),
			})
		}
		for i, quantile := range quantiles {
			if row.Place == row.Many*int64(quantile)/100+1 {
				baskets[len(baskets)-1].Quantiles[i] = row.TotalCents
			}
		}
	}
	return baskets, nil
}
