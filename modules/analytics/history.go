package analytics

import (
	"context"
	"fmt"
	"time"
)

// First are up to limit facts that are kept, of which Remove takes 1000 at a time.
func (w *SQLWarehouse) First(ctx context.Context, limit int) ([]Fact, error) {
	var rows []factRow
	if err := w.Writer(ctx).Order("event_id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, wrap(err, "find the first facts")
	}
	if len(rows) == 0 {
		return nil, nil
	}
	facts, at := make([]Fact, len(rows)), map[string]*Fact{}
	for i, row := range rows {
		facts[i] = row.fact()
		at[row.EventID] = &facts[i]
	}
	var sold []soldRow
	err := w.Writer(ctx).Where("event_id IN ?", ids(facts)).Order("event_id, product_id").Find(&sold).Error
	if err != nil {
		return nil, wrap(err, "find what was sold")
	}
	for _, s := range sold {
		fact := at[s.EventID]
		fact.Sold = append(fact.Sold, Sold{s.ProductID, s.Quantity, s.RevenueCents})
	}
	return facts, nil
}

// Remove takes facts out. It is called in a transaction, since a fact without what was sold would be another one.
func (w *SQLWarehouse) Remove(ctx context.Context, facts []Fact) error {
	for _, table := range []any{&soldRow{}, &factRow{}} {
		if err := w.Writer(ctx).Where("event_id IN ?", ids(facts)).Delete(table).Error; err != nil {
			return fmt.Errorf("take %d facts out: %w", len(facts), err)
		}
	}
	return nil
}

func ids(facts []Fact) []string {
	all := make([]string, len(facts))
	for i, fact := range facts {
		all[i] = fact.EventID
	}
	return all
}

// fact is the fact that a row keeps, without what was sold.
func (row factRow) fact() Fact {
	fact := Fact{
		EventID: row.EventID, OrderID: row.OrderID, Kind: row.Kind, At: time.UnixMicro(row.HappenedAt).UTC(),
		PlacedAt: time.UnixMicro(row.PlacedAt).UTC(), Currency: row.Currency, TotalCents: row.TotalCents, Units: row.Units,
	}
	if row.Waited != nil {
		waited := time.Duration(*row.Waited) * time.Microsecond
		fact.Waited = &waited
	}
	return fact
}
