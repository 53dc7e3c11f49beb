package analytics

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"github.com/trellis-go/trellis/platform/database"
)

// Repository has the queries of what the module keeps beside the facts. Its methods join the transaction of their context.
type Repository struct{ *database.DB }

// NewRepository takes the database that the configuration names.
func NewRepository(cfg Config, databases *database.Manager) (*Repository, error) {
	db, err := databases.DB(cfg.Database)
	if err != nil {
		return nil, fmt.Errorf("modules.analytics.database: %w", err)
	}
	return &Repository{DB: db}, nil
}

// waiting is a fact on its way into a warehouse that is another database.
type waiting struct {
	Seq      int64  `gorm:"primaryKey;autoIncrement"`
	DataSize int    `gorm:"not null"` // of Data, so that a batch can be bounded before it is read
	Data     []byte // the fact in JSON
	StoredAt int64  `gorm:"not null"` // in Unix microseconds
}

// TableName names the table.
func (waiting) TableName() string { return "analytics_waiting" }

// underWay is an order that was paid. It is kept beyond its shipment: the event of that may come again.
type underWay struct {
	OrderID string `gorm:"size:36;primaryKey"`
	PaidAt  int64  `gorm:"not null;index:analytics_orders_paid"` // in Unix microseconds
}

// TableName names the table.
func (underWay) TableName() string { return "analytics_orders" }

// Keep stores a fact until it is forgotten.
func (r *Repository) Keep(ctx context.Context, f Fact, now time.Time) error {
	data, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("encode the fact %s: %w", f.EventID, err)
	}
	err = r.Writer(ctx).Create(&waiting{DataSize: len(data), Data: data, StoredAt: now.UnixMicro()}).Error
	if err != nil {
		return fmt.Errorf("keep the fact %s: %w", f.EventID, err)
	}
	return nil
}

// Waiting are the facts kept first, at most limit of them and about maxBytes of memory, and what Forget calls them.
func (r *Repository) Waiting(ctx context.Context, limit, maxBytes int) (facts []Fact, seqs []int64, err error) {
	var sizes []waiting
	err = r.Writer(ctx).Select("seq, data_size").Order("seq").Limit(limit).Find(&sizes).Error
	if err != nil || len(sizes) == 0 {
		return nil, nil, wrap(err, "find facts that wait")
	}
	size := 0
	for _, one := range sizes {
		if size += one.DataSize; size > maxBytes && len(seqs) > 0 {
			break
		}
		seqs = append(seqs, one.Seq)
	}
	var rows []waiting
	err = r.Writer(ctx).Where("seq BETWEEN ? AND ?", seqs[0], seqs[len(seqs)-1]).Order("seq").Find(&rows).Error
	if err != nil {
		return nil, nil, wrap(err, "read facts that wait")
	}
	// One with a lower number that was committed meanwhile comes along: what is read is what is forgotten.
	facts, seqs = make([]Fact, len(rows)), seqs[:0]
	for i, row := range rows {
		if err := json.Unmarshal(row.Data, &facts[i]); err != nil {
			return nil, nil, fmt.Errorf("decode the fact that waits as %d: %w", row.Seq, err)
		}
		seqs = append(seqs, row.Seq)
	}
	return facts, seqs, nil
}

const forgetRows = 1000 // what Oracle takes in a list

// Forget deletes facts that the warehouse has.
func (r *Repository) Forget(ctx context.Context, seqs []int64) error {
	for chunk := range slices.Chunk(seqs, forgetRows) {
		if err := r.Writer(ctx).Where("seq IN ?", chunk).Delete(&waiting{}).Error; err != nil {
			return fmt.Errorf("forget %d facts: %w", len(chunk), err)
		}
	}
	return nil
}

// Backlog is how many facts wait, of which it counts no more than most, and since when the first of them does: zero when none
// does.
func (r *Repository) Backlog(ctx context.Context, most int) (facts int64, since time.Time, err error) {
	var first []waiting
	err = r.Reader(ctx).Select("stored_at").Order("seq").Limit(1).Find(&first).Error
	if err != nil || len(first) == 0 {
		return 0, time.Time{}, wrap(err, "find the first fact that waits")
	}
	some := r.Reader(ctx).Model(&waiting{}).Select("seq").Limit(most)
	err = r.Reader(ctx).Table("(?) counted", some).Count(&facts).Error
	return facts, time.UnixMicro(first[0].StoredAt).UTC(), wrap(err, "count the facts that wait")
}

// MarkPaid remembers when an order was paid.
func (r *Repository) MarkPaid(ctx context.Context, orderID string, at time.Time) error {
	once := r.Writer(ctx).Clauses(clause.OnConflict{DoNothing: true})
	return wrap(once.Create(&underWay{OrderID: orderID, PaidAt: at.UnixMicro()}).Error, "remember a payment")
}

// PaidAt is when an order was paid, nil when that is not known.
func (r *Repository) PaidAt(ctx context.Context, orderID string) (*time.Time, error) {
	var found []underWay
	err := r.Writer(ctx).Where("order_id = ?", orderID).Limit(1).Find(&found).Error
	if err != nil || len(found) == 0 {
		return nil, wrap(err, "find when an order was paid")
	}
	at := time.UnixMicro(found[0].PaidAt).UTC()
	return &at, nil
}

// ForgetPaid forgets up to limit payments that were made before a time, and says how many.
func (r *Repository) ForgetPaid(ctx context.Context, before time.Time, limit int) (int, error) {
	var old []string
	err := r.Writer(ctx).Model(&underWay{}).Where("paid_at < ?", before.UnixMicro()).Order("paid_at").Limit(limit).Pluck("order_id", &old).Error
	if err != nil || len(old) == 0 {
		return 0, wrap(err, "find old payments")
	}
	return len(old), wrap(r.Writer(ctx).Where("order_id IN ?", old).Delete(&underWay{}).Error, "forget old payments")
}

// SaveProduct stores what the catalog says of a product, unless something newer is there. It adds the product first, since an
// order may do so at any moment: after that there is a row to change.
func (r *Repository) SaveProduct(ctx context.Context, p Product) error {
	if err := r.AddProducts(ctx, []Product{p}); err != nil {
		return err
	}
	changed := r.Writer(ctx).Model(&Product{}).Where("id = ? AND version <= ?", p.ID, p.Version).
		Updates(map[string]any{"sku": p.SKU, "name": p.Name, "active": p.Active, "deleted": p.Deleted, "version": p.Version})
	return wrap(changed.Error, "update a product")
}

// AddProducts stores those products of which nothing is known.
func (r *Repository) AddProducts(ctx context.Context, products []Product) error {
	if len(products) == 0 {
		return nil
	}
	return wrap(r.Writer(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&products).Error, "add products")
}

// Products finds products by their ids; those of which nothing is known are left out.
func (r *Repository) Products(ctx context.Context, ids []string) (map[string]Product, error) {
	known := make(map[string]Product, len(ids))
	for chunk := range slices.Chunk(ids, forgetRows) {
		var rows []Product
		if err := r.Reader(ctx).Where("id IN ?", chunk).Find(&rows).Error; err != nil {
			return nil, wrap(err, "find products")
		}
		for _, row := range rows {
			known[row.ID] = row
		}
	}
	return known, nil
}

func wrap(err error, doing string) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
