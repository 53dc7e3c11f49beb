package analytics

// Product is how a product is called in reports: as the catalog has it now, or as it was ordered while nothing else is known
// of it.
type Product struct {
	ID      string `gorm:"size:36;primaryKey"`
	SKU     string `gorm:"size:64;not null"`
	Name    string `gorm:"size:200;not null"`
	Active  bool   `gorm:"not null"`
	Deleted bool   `gorm:"not null"`
	Version int64  `gorm:"not null"` // of the catalog's product; 0 when only orders have told of it
}

// TableName names the table.
func (Product) TableName() string { return "analytics_products" }

// State is whether the product is still sold: active, inactive or deleted.
func (p Product) State() string {
	switch {
	case p.Deleted:
		return "deleted"
	case p.Active:
		return "active"
	default:
		return "inactive"
	}
}
