package autogen_test

import "time"

// The models of a module that is being changed. Each is the table shop_orders at one moment.
type (
	Order struct {
		ID     string    `gorm:"size:36;primaryKey"`
		Note   string    `gorm:"size:100;not null"`
		Amount int64     `gorm:"not null;default:0;index:shop_orders_amount"`
		Paid   bool      `gorm:"not null;default:false"`
		At     time.Time `gorm:"precision:6;not null"`
		Memo   *string   `gorm:"size:50"`
	}
	orderWithField struct {
		Order
		Weight int64 `gorm:"not null;default:5"`
	}
	orderWithBareField struct {
		Order
		Name  string `gorm:"size:20;not null"`
		Count int    `gorm:"not null"`
		Maybe *time.Time
	}
	orderWithIndex struct {
		ID     string    `gorm:"size:36;primaryKey"`
		Note   string    `gorm:"size:100;not null;uniqueIndex:shop_orders_note"`
		Amount int64     `gorm:"not null;default:0;index:shop_orders_amount"`
		Paid   bool      `gorm:"not null;default:false"`
		At     time.Time `gorm:"precision:6;not null"`
		Memo   *string   `gorm:"size:50"`
	}
	orderWithoutIndex struct {
		ID     string    `gorm:"size:36;primaryKey"`
		Note   string    `gorm:"size:100;not null"`
		Amount int64     `gorm:"not null;default:0"`
		Paid   bool      `gorm:"not null;default:false"`
		At     time.Time `gorm:"precision:6;not null"`
		Memo   *string   `gorm:"size:50"`
	}
	orderWithAnotherIndex struct {
		ID     string    `gorm:"size:36;primaryKey;index:shop_orders_amount,priority:2"`
		Note   string    `gorm:"size:100;not null"`
		Amount int64     `gorm:"not null;default:0;index:shop_orders_amount,priority:1"`
		Paid   bool      `gorm:"not null;default:false"`
		At     time.Time `gorm:"precision:6;not null"`
		Memo   *string   `gorm:"size:50"`
	}
	OrderWithoutColumn struct {
		ID     string    `gorm:"size:36;primaryKey"`
		Amount int64     `gorm:"not null;default:0;index:shop_orders_amount"`
		Paid   bool      `gorm:"not null;default:false"`
		At     time.Time `gorm:"precision:6;not null"`
		Memo   *string   `gorm:"size:50"`
	}
	orderRenamed struct {
		OrderWithoutColumn
		Remark string `gorm:"size:100;not null"`
	}
	orderOfAnotherType struct {
		ID     string    `gorm:"size:36;primaryKey"`
		Note   string    `gorm:"size:100;not null"`
		Amount string    `gorm:"size:20;not null;default:0;index:shop_orders_amount"`
		Paid   bool      `gorm:"not null;default:false"`
		At     time.Time `gorm:"precision:6;not null"`
		Memo   *string   `gorm:"size:50"`
	}
	orderWithOtherDefaults struct {
		ID     string    `gorm:"size:36;primaryKey"`
		Note   string    `gorm:"size:100;not null;default:none"`
		Amount int64     `gorm:"not null;default:7;index:shop_orders_amount"`
		Paid   bool      `gorm:"not null;default:true"`
		At     time.Time `gorm:"precision:6;not null"`
		Memo   *string   `gorm:"size:50"`
	}
	orderWithOtherNulls struct {
		ID     string    `gorm:"size:36;primaryKey"`
		Note   *string   `gorm:"size:100"`
		Amount int64     `gorm:"not null;default:0;index:shop_orders_amount"`
		Paid   bool      `gorm:"not null;default:false"`
		At     time.Time `gorm:"precision:6;not null"`
		Memo   string    `gorm:"size:50;not null"`
	}
	line struct {
		OrderID string `gorm:"size:36;primaryKey"`
		SKU     string `gorm:"size:64;primaryKey"`
		Text    string `gorm:"type:text;not null"`
		Order   *Order
	}
	customer struct {
		ID   string `gorm:"size:36;primaryKey"`
		Name string `gorm:"size:100;not null;index:shop_customers_name"`
	}
)

func (Order) TableName() string                  { return "shop_orders" }
func (orderWithIndex) TableName() string         { return "shop_orders" }
func (orderWithoutIndex) TableName() string      { return "shop_orders" }
func (orderWithAnotherIndex) TableName() string  { return "shop_orders" }
func (OrderWithoutColumn) TableName() string     { return "shop_orders" }
func (orderOfAnotherType) TableName() string     { return "shop_orders" }
func (orderWithOtherDefaults) TableName() string { return "shop_orders" }
func (orderWithOtherNulls) TableName() string    { return "shop_orders" }
func (line) TableName() string                   { return "shop_lines" }
func (customer) TableName() string               { return "shop_customers" }

const aRow = "INSERT INTO shop_orders (id, note, amount, at, memo) VALUES ('1', 'n', 3, '2026-01-01 00:00:00', 'm');"

type change struct {
	before, after []any
	rows          string // that are there before
	up            string // what it writes
	destructive   []string
}

var changes = map[string]change{
	"a new table": {
		before: []any{&Order{}}, after: []any{&Order{}, &customer{}}, rows: aRow,
		up: "CREATE TABLE `shop_customers`",
	},
	"new tables that refer to each other": {
		after: []any{&line{}, &Order{}}, up: "(?s)CREATE TABLE `shop_orders`.*FOREIGN KEY",
	},
	"a new table that refers to an old one": {
		before: []any{&Order{}}, after: []any{&line{}, &Order{}}, rows: aRow, up: "CREATE TABLE `shop_lines`",
	},
	"a dropped table": {
		before: []any{&Order{}, &line{}}, after: []any{&Order{}}, rows: aRow,
		up: "DROP TABLE `shop_lines`", destructive: []string{"the table shop_lines is dropped"},
	},
	"a new column": {
		before: []any{&Order{}}, after: []any{&orderWithField{}}, rows: aRow,
		up: "ADD COLUMN `weight` (bigint|integer) NOT NULL DEFAULT 5",
	},
	"new columns without a default": {
		before: []any{&Order{}}, after: []any{&orderWithBareField{}}, rows: aRow, up: "`name` (text|varchar)",
	},
	"a dropped column": {
		before: []any{&Order{}}, after: []any{&OrderWithoutColumn{}}, rows: aRow,
		up: "DROP COLUMN `note`|new_shop_orders", destructive: []string{"the column shop_orders.note is dropped"},
	},
	"another type": {
		before: []any{&Order{}}, after: []any{&orderOfAnotherType{}}, rows: aRow, up: "`amount` (text|varchar)",
	},
	"other defaults": {
		before: []any{&Order{}}, after: []any{&orderWithOtherDefaults{}}, rows: aRow, up: "DEFAULT 7",
	},
	"other nulls": {
		before: []any{&Order{}}, after: []any{&orderWithOtherNulls{}}, rows: aRow, up: "`memo` .* NOT NULL",
	},
	"a new index": {
		before: []any{&Order{}}, after: []any{&orderWithIndex{}}, rows: aRow, up: "UNIQUE INDEX `shop_orders_note`",
	},
	"a dropped index": {
		before: []any{&Order{}}, after: []any{&orderWithoutIndex{}}, rows: aRow, up: "DROP INDEX `shop_orders_amount`",
	},
	"an index of other columns": {
		before: []any{&Order{}}, after: []any{&orderWithAnotherIndex{}}, rows: aRow, up: "INDEX `shop_orders_amount`",
	},
	"everything at once, where another table refers to it": {
		before: []any{&Order{}, &line{}}, after: []any{&orderRenamed{}, &customer{}, &line{}},
		rows: aRow + "\nINSERT INTO shop_lines (order_id, sku, text) VALUES ('1', 's', 't');",
		up:   "CREATE TABLE `shop_customers`", destructive: []string{"the column shop_orders.note is dropped"},
	},
}
