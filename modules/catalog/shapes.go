package catalog

import "time"

// productV1 is a product in v1 of the API.
type productV1 struct {
	ID          string    `json:"id" readOnly:"true" format:"uuid" example:"0198c2a4-7b1e-7c3a-9f10-5d2b6a8e4c01"`
	SKU         string    `json:"sku" minLength:"1" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"printable ASCII without space" example:"TEA-0001" doc:"The code by which the product is ordered, unique"`
	Name        string    `json:"name" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"not only space" example:"Green tea"`
	Description string    `json:"description" required:"false" maxLength:"10000" example:"Loose leaf, 100 g"`
	PriceCents  int64     `json:"price_cents" minimum:"0" maximum:"1000000000000" example:"1299" doc:"In hundredths of the currency"`
	Currency    string    `json:"currency" pattern:"^[A-Z]{3}$" patternDescription:"three capital letters" example:"EUR" doc:"ISO 4217"`
	Active      *bool     `json:"active" required:"false" nullable:"false" default:"true" example:"true" doc:"Whether it is offered"`
	Categories  []string  `json:"categories" required:"false" maxItems:"20" example:"[\"Tea\"]" doc:"By name; one that is named for the first time is made"`
	Version     int64     `json:"version" readOnly:"true" example:"1" doc:"Grows by one with every change"`
	CreatedAt   time.Time `json:"created_at" readOnly:"true"`
	UpdatedAt   time.Time `json:"updated_at" readOnly:"true"`
}

func showV1(p *Product) productV1 {
	return productV1{
		ID: p.ID, SKU: p.SKU, Name: p.Name, Description: p.Description, PriceCents: p.PriceCents, Currency: p.Currency,
		Active: &p.Active, Categories: p.categoryNames(), Version: p.Version, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
	}
}

func (p productV1) draft() Draft {
	return Draft{
		SKU: p.SKU, Name: p.Name, Description: p.Description, PriceCents: p.PriceCents, Currency: p.Currency,
		Active: p.Active == nil || *p.Active, Categories: p.Categories,
	}
}

// productV2 is a product in v2 of the API.
type productV2 struct {
	ID          string    `json:"id" readOnly:"true" format:"uuid" example:"0198c2a4-7b1e-7c3a-9f10-5d2b6a8e4c01"`
	SKU         string    `json:"sku" minLength:"1" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"printable ASCII without space" example:"TEA-0001" doc:"The code by which the product is ordered, unique"`
	Name        string    `json:"name" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"not only space" example:"Green tea"`
	Description string    `json:"description" required:"false" maxLength:"10000" example:"Loose leaf, 100 g"`
	Price       priceV2   `json:"price"`
	Active      *bool     `json:"active" required:"false" nullable:"false" default:"true" example:"true" doc:"Whether it is offered"`
	Categories  []string  `json:"categories" required:"false" maxItems:"20" example:"[\"Tea\"]" doc:"By name; one that is named for the first time is made"`
	Version     int64     `json:"version" readOnly:"true" example:"1" doc:"Grows by one with every change"`
	CreatedAt   time.Time `json:"created_at" readOnly:"true"`
	UpdatedAt   time.Time `json:"updated_at" readOnly:"true"`
}

// priceV2 is an amount of money.
type priceV2 struct {
	AmountCents int64  `json:"amount_cents" minimum:"0" maximum:"1000000000000" example:"1299" doc:"In hundredths of the currency"`
	Currency    string `json:"currency" pattern:"^[A-Z]{3}$" patternDescription:"three capital letters" example:"EUR" doc:"ISO 4217"`
}

func showV2(p *Product) productV2 {
	return productV2{
		ID: p.ID, SKU: p.SKU, Name: p.Name, Description: p.Description, Price: priceV2{p.PriceCents, p.Currency},
		Active: &p.Active, Categories: p.categoryNames(), Version: p.Version, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
	}
}

func (p productV2) draft() Draft {
	return Draft{
		SKU: p.SKU, Name: p.Name, Description: p.Description, PriceCents: p.Price.AmountCents, Currency: p.Price.Currency,
		Active: p.Active == nil || *p.Active, Categories: p.Categories,
	}
}

// category is a category in every version of the API.
type category struct {
	ID        string    `json:"id" readOnly:"true" format:"uuid" example:"0198c2a4-7b1e-7c3a-9f10-5d2b6a8e4c02"`
	Name      string    `json:"name" minLength:"1" maxLength:"100" pattern:"\\S" patternDescription:"not only space" example:"Tea" doc:"Unique without regard to case"`
	Version   int64     `json:"version" readOnly:"true" example:"1" doc:"Grows by one with every change"`
	CreatedAt time.Time `json:"created_at" readOnly:"true"`
	UpdatedAt time.Time `json:"updated_at" readOnly:"true"`
}

func showCategory(c *Category) category {
	return category{ID: c.ID, Name: c.Name, Version: c.Version, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt}
}
