package catalog

import (
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/cases"

	"github.com/trellis-go/trellis/modules/catalog/catalogapi"
	"github.com/trellis-go/trellis/platform/problem"
)

// The problems of products.
var (
	ErrProductNotFound = problem.Define(http.StatusNotFound, "product_not_found", "The product does not exist",
		"No product has this id, or it was deleted.")
	ErrSKUTaken = problem.Define(http.StatusConflict, "sku_taken", "The SKU belongs to another product",
		"SKUs are unique among the products that are not deleted. Choose another, or change the product that has it.")
)

// The limits of a product's fields. The tags of the request types repeat them, since a tag must be a literal.
const (
	maxSKU         = 64
	maxName        = 200
	maxDescription = 10_000
	maxPriceCents  = 1_000_000_000_000
	maxCategories  = 20
	maxCategory    = 100
)

// Product is something that can be sold.
type Product struct {
	ID          string    `gorm:"size:36;primaryKey;index:catalog_products_name,priority:3;index:catalog_products_price,priority:3;index:catalog_products_created,priority:3"`
	SKU         string    `gorm:"size:64;not null;uniqueIndex:catalog_products_sku,priority:1"`
	Name        string    `gorm:"size:200;not null"`
	NameFolded  string    `gorm:"size:600;not null;index:catalog_products_name,priority:2"` // for sorting and searching: at most three times as long
	Description string    `gorm:"type:text;not null"`
	PriceCents  int64     `gorm:"not null;index:catalog_products_price,priority:2"` // in the currency's hundredths
	Currency    string    `gorm:"size:3;not null"`                                  // ISO 4217
	Active      bool      `gorm:"not null"`                                         // offered to customers
	Version     int64     `gorm:"not null"`                                         // grows by one with every change
	CreatedAt   time.Time `gorm:"precision:6;not null;autoCreateTime:false;index:catalog_products_created,priority:2"`
	UpdatedAt   time.Time `gorm:"precision:6;not null;autoUpdateTime:false"`

	// DeletedAt is when the product was deleted, in Unix microseconds; 0 while it lives. It is part of the SKU's unique
	// key, so that a SKU is free again once its product is deleted.
	DeletedAt int64 `gorm:"not null;default:0;uniqueIndex:catalog_products_sku,priority:2;index:catalog_products_name,priority:1;index:catalog_products_price,priority:1;index:catalog_products_created,priority:1"`

	Categories []Category `gorm:"-"` // by name
}

// TableName names the table.
func (Product) TableName() string { return "catalog_products" }

// productCategory puts a product into a category.
type productCategory struct {
	ProductID  string `gorm:"size:36;primaryKey;index:catalog_product_categories_category,priority:2"`
	CategoryID string `gorm:"size:36;primaryKey;index:catalog_product_categories_category,priority:1"`

	Product  *Product  // never loaded: makes the foreign key
	Category *Category // likewise
}

// TableName names the table.
func (productCategory) TableName() string { return "catalog_product_categories" }

// event is what the product's events say of it.
func (p *Product) event() catalogapi.Product {
	return catalogapi.Product{
		ID: p.ID, SKU: p.SKU, Name: p.Name, PriceCents: p.PriceCents, Currency: p.Currency, Active: p.Active, Version: p.Version,
	}
}

// Draft is what somebody wants a product to be.
type Draft struct {
	SKU         string
	Name        string
	Description string
	PriceCents  int64
	Currency    string
	Active      bool
	Categories  []string // by name; one that is named for the first time is made
}

// Violation is one rule that a draft breaks.
type Violation struct {
	Field string // as in JSON and CSV: price_cents
	Rule  string
}

var (
	skuPattern      = regexp.MustCompile(`^[!-~]+$`)
	currencyPattern = regexp.MustCompile(`^[A-Z]{3}$`)
)

// normalize takes away what people do not mean: space around texts, and categories named twice.
func (d Draft) normalize() Draft {
	d.SKU, d.Name = strings.TrimSpace(d.SKU), strings.TrimSpace(d.Name)
	d.Categories = distinct(d.Categories)
	return d
}

// distinct trims the names and leaves out those that come again, without regard to case.
func distinct(names []string) []string {
	var kept []string
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		name = strings.TrimSpace(name)
		if folded := fold(name); !seen[folded] {
			seen[folded] = true
			kept = append(kept, name)
		}
	}
	return kept
}

// violations lists every rule that the draft breaks.
func (d Draft) violations() []Violation {
	var broken []Violation
	rule := func(kept bool, field, text string) {
		if !kept {
			broken = append(broken, Violation{Field: field, Rule: text})
		}
	}
	rule(len(d.SKU) <= maxSKU && skuPattern.MatchString(d.SKU), "sku", "must be 1 to 64 printable ASCII characters without space")
	rule(between(d.Name, 1, maxName), "name", "must be 1 to 200 characters, not only space")
	rule(between(d.Description, 0, maxDescription), "description", "must be at most 10000 characters")
	rule(d.PriceCents >= 0 && d.PriceCents <= maxPriceCents, "price_cents", "must be from 0 to 1000000000000")
	rule(currencyPattern.MatchString(d.Currency), "currency", "must be three capital letters, as in ISO 4217")
	rule(len(d.Categories) <= maxCategories, "categories", "must be at most 20")
	for _, name := range d.Categories {
		rule(validCategory(name), "categories", "must be "+categoryRule)
	}
	return broken
}

// apply makes the product what the draft says. Its categories are set by the service.
func (p *Product) apply(d Draft) {
	p.SKU, p.Name, p.NameFolded, p.Description = d.SKU, d.Name, fold(d.Name), d.Description
	p.PriceCents, p.Currency, p.Active = d.PriceCents, d.Currency, d.Active
}

// draft is what the product is now, as somebody would ask for it.
func (p *Product) draft() Draft {
	return Draft{
		SKU: p.SKU, Name: p.Name, Description: p.Description, PriceCents: p.PriceCents, Currency: p.Currency,
		Active: p.Active, Categories: p.categoryNames(),
	}
}

func (p *Product) categoryNames() []string {
	names := make([]string, len(p.Categories))
	for i, category := range p.Categories {
		names[i] = category.Name
	}
	return names
}

// between tells whether text has so many characters and is valid UTF-8.
func between(text string, least, most int) bool {
	n := utf8.RuneCountInString(text)
	return n >= least && n <= most && utf8.ValidString(text)
}

// fold is the form in which names are compared: without regard to case.
func fold(name string) string { return cases.Fold().String(name) }
