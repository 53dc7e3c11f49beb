package analytics

import (
	"context"
	"net/http"
	"time"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/problem"
)

// Handler serves reports over HTTP, and the page that draws them.
type Handler struct {
	cfg     Config
	service *Service
}

// NewHandler makes the handler.
func NewHandler(cfg Config, service *Service) *Handler { return &Handler{cfg: cfg, service: service} }

func (h *Handler) routes(api *httpapi.API) {
	h.routeReports(api.V(1))
	h.routeReports(api.V(2))
	api.Page("/dashboard", dashboard())
}

const (
	aboutPeriod = " The period is by days of the time zone or by times, and is the last 30 days unless `from` and `to` say another."
	aboutSold   = " What counts as sold is an order that was paid, at the time when it was."
)

// routeReports serves each report as JSON and as CSV.
func (h *Handler) routeReports(v *httpapi.Group) {
	report := func(id, path, summary, description string) httpapi.Operation {
		return httpapi.Operation{
			ID: id, Method: http.MethodGet, Path: "/reports/" + path, Tag: "Reports", Policy: auth.Can(Read), Summary: summary,
			Description: summary + "." + description, Timeout: h.cfg.ReportTimeout, Problems: []*problem.Kind{ErrWarehouse},
		}
	}
	csv := func(op httpapi.Operation) httpapi.Operation {
		op.ID, op.Path, op.Produces = "export"+op.ID[len("report"):], op.Path+"/export", "text/csv"
		op.Summary += " as CSV"
		return op
	}
	sales := report("report-sales", "sales", "Sales over time",
		" Intervals without sales are there with 0. A day is one of the time zone, also when its clocks are changed."+aboutSold+aboutPeriod)
	sales.Problems = append(sales.Problems, ErrTooManyPoints)
	httpapi.Handle(v, sales, h.sales)
	httpapi.Handle(v, csv(sales), h.exportSales)
	top := report("report-top-products", "top-products", "The products sold most", " Each currency has a ranking of its own."+aboutSold+aboutPeriod)
	httpapi.Handle(v, top, h.topProducts)
	httpapi.Handle(v, csv(top), h.exportTopProducts)
	conversion := report("report-conversion", "conversion", "How far orders get",
		" Counted are the orders placed in the period, and what has become of them until now."+aboutPeriod)
	httpapi.Handle(v, conversion, h.conversion)
	httpapi.Handle(v, csv(conversion), h.exportConversion)
	baskets := report("report-baskets", "baskets", "What baskets are worth",
		" A quantile is the value of one order: at 0.9 one tenth of the orders is worth as much or more."+aboutSold+aboutPeriod)
	httpapi.Handle(v, baskets, h.baskets)
	httpapi.Handle(v, csv(baskets), h.exportBaskets)
}

// PeriodInput is the period of a report, in days of where its reader is. It is exported because fields of unexported embedded
// types cannot be set.
type PeriodInput struct {
	httpapi.Locale
	From string `query:"from" maxLength:"40" example:"2026-11-01" doc:"A day of the time zone, or a time; 30 days before the end unless it is given"`
	To   string `query:"to" maxLength:"40" example:"2026-11-30" doc:"A day, which is in the period, or a time, which is not; the end of today unless it is given"`
}

func (h *Handler) period(in *PeriodInput) (Period, error) {
	return periodOf(in.From, in.To, h.service.now(), in.Zone())
}

// about is what every report says of itself.
type about struct {
	From     time.Time `json:"from" doc:"Where the period begins"`
	To       time.Time `json:"to" doc:"Where it ends; this moment is not in it"`
	TimeZone string    `json:"time_zone" example:"Europe/Berlin"`
	Language string    `json:"language" example:"de-AT" doc:"In which to show it, as Accept-Language asks: a BCP 47 tag"`
}

func aboutOf(in *PeriodInput, p Period) about {
	zone := in.Zone()
	return about{From: p.From.In(zone), To: p.To.In(zone), TimeZone: zone.String(), Language: in.Language()}
}

type salesInput struct {
	PeriodInput
	Interval Interval `query:"interval" enum:"hour,day,week,month" default:"day" doc:"A week begins on Monday"`
}

type salesOutput struct{ Body salesReport }

type salesReport struct {
	About      about           `json:"about"`
	Interval   Interval        `json:"interval" enum:"hour,day,week,month"`
	Currencies []currencySales `json:"currencies" doc:"Those in which something was sold"`
}

type currencySales struct {
	Currency     string       `json:"currency" example:"EUR" doc:"ISO 4217"`
	Orders       int64        `json:"orders" doc:"Paid in the period"`
	Units        int64        `json:"units" doc:"Pieces of all products"`
	RevenueCents int64        `json:"revenue_cents" doc:"In hundredths of the currency"`
	Points       []salesPoint `json:"points"`
}

type salesPoint struct {
	Start        time.Time `json:"start" doc:"Where the interval begins, by the clocks of the time zone"`
	Orders       int64     `json:"orders"`
	Units        int64     `json:"units"`
	RevenueCents int64     `json:"revenue_cents"`
}

func (h *Handler) sales(ctx context.Context, in *salesInput) (*salesOutput, error) {
	p, err := h.period(&in.PeriodInput)
	if err != nil {
		return nil, err
	}
	report, err := h.service.Sales(ctx, p, in.Interval, in.Zone())
	if err != nil {
		return nil, err
	}
	body := salesReport{About: aboutOf(&in.PeriodInput, p), Interval: in.Interval, Currencies: []currencySales{}}
	for _, currency := range report.Currencies() {
		of := currencySales{Currency: currency}
		for _, point := range report.Sales[currency] {
			of.Orders += point.Orders
			of.Units += point.Units
			of.RevenueCents += point.RevenueCents
			of.Points = append(of.Points, salesPoint{point.Start, point.Orders, point.Units, point.RevenueCents})
		}
		body.Currencies = append(body.Currencies, of)
	}
	return &salesOutput{body}, nil
}

type topProductsInput struct {
	PeriodInput
	By    Measure `query:"by" enum:"revenue,quantity" default:"revenue" doc:"What they are ranked by"`
	Limit int     `query:"limit" minimum:"1" maximum:"100" default:"10" doc:"How many in each currency"`
}

type topProductsOutput struct{ Body topProductsReport }

type topProductsReport struct {
	About      about         `json:"about"`
	By         Measure       `json:"by" enum:"revenue,quantity"`
	Currencies []currencyTop `json:"currencies" doc:"Those in which something was sold"`
}

type currencyTop struct {
	Currency string       `json:"currency" example:"EUR" doc:"ISO 4217"`
	Products []topProduct `json:"products" doc:"The best first"`
}

type topProduct struct {
	ProductID    string `json:"product_id" format:"uuid"`
	SKU          string `json:"sku" example:"TEA-0001"`
	Name         string `json:"name" example:"Green tea" doc:"As it is called now"`
	State        string `json:"state" enum:"active,inactive,deleted"`
	Quantity     int64  `json:"quantity" doc:"Pieces"`
	RevenueCents int64  `json:"revenue_cents" doc:"In hundredths of the currency"`
}

func (h *Handler) topProducts(ctx context.Context, in *topProductsInput) (*topProductsOutput, error) {
	p, err := h.period(&in.PeriodInput)
	if err != nil {
		return nil, err
	}
	found, err := h.service.TopProducts(ctx, p, in.By, in.Limit)
	if err != nil {
		return nil, err
	}
	body := topProductsReport{About: aboutOf(&in.PeriodInput, p), By: in.By, Currencies: []currencyTop{}}
	for _, one := range found {
		if one.Rank == 1 {
			body.Currencies = append(body.Currencies, currencyTop{Currency: one.Currency})
		}
		of := &body.Currencies[len(body.Currencies)-1]
		of.Products = append(of.Products, topProduct{one.ProductID, one.SKU, one.Name, one.State(), one.Quantity, one.RevenueCents})
	}
	return &topProductsOutput{body}, nil
}

type conversionInput struct{ PeriodInput }

type conversionOutput struct{ Body conversionReport }

type conversionReport struct {
	About about  `json:"about"`
	Steps []step `json:"steps" doc:"placed, paid, shipped, canceled, expired"`
}

type step struct {
	Step          Kind     `json:"step" enum:"placed,paid,shipped,canceled,expired"`
	Orders        int64    `json:"orders" doc:"That have come to it"`
	Rate          float64  `json:"rate" doc:"The part of the orders placed, from 0 to 1" example:"0.83"`
	MedianSeconds *float64 `json:"median_seconds" nullable:"true" doc:"From the step before: to paid, canceled and expired from placed, to shipped from paid"`
}

// stepKinds are the steps in the order in which they are shown.
var stepKinds = []Kind{Placed, Paid, Shipped, Canceled, Expired}

func (h *Handler) conversion(ctx context.Context, in *conversionInput) (*conversionOutput, error) {
	p, err := h.period(&in.PeriodInput)
	if err != nil {
		return nil, err
	}
	c, err := h.service.Conversion(ctx, p)
	if err != nil {
		return nil, err
	}
	return &conversionOutput{conversionReport{aboutOf(&in.PeriodInput, p), stepsOf(c)}}, nil
}

func stepsOf(c Conversion) []step {
	steps := make([]step, len(stepKinds))
	for i, kind := range stepKinds {
		steps[i] = step{Step: kind, Orders: c.Steps[kind].Orders, Rate: c.Rate(kind)}
		if median := c.Steps[kind].Median; median != nil {
			seconds := median.Seconds()
			steps[i].MedianSeconds = &seconds
		}
	}
	return steps
}

type basketsInput struct{ PeriodInput }

type basketsOutput struct{ Body basketsReport }

type basketsReport struct {
	About      about             `json:"about"`
	Currencies []currencyBaskets `json:"currencies" doc:"Those in which something was sold"`
}

type currencyBaskets struct {
	Currency     string     `json:"currency" example:"EUR" doc:"ISO 4217"`
	Orders       int64      `json:"orders" doc:"Paid in the period"`
	RevenueCents int64      `json:"revenue_cents" doc:"In hundredths of the currency"`
	Quantiles    []quantile `json:"quantiles"`
}

type quantile struct {
	Quantile float64 `json:"quantile" example:"0.9"`
	Cents    int64   `json:"cents" doc:"In hundredths of the currency"`
}

func (h *Handler) baskets(ctx context.Context, in *basketsInput) (*basketsOutput, error) {
	p, err := h.period(&in.PeriodInput)
	if err != nil {
		return nil, err
	}
	found, err := h.service.Baskets(ctx, p)
	if err != nil {
		return nil, err
	}
	body := basketsReport{About: aboutOf(&in.PeriodInput, p), Currencies: []currencyBaskets{}}
	for _, basket := range found {
		of := currencyBaskets{Currency: basket.Currency, Orders: basket.Orders, RevenueCents: basket.RevenueCents}
		for i, cents := range basket.Quantiles {
			of.Quantiles = append(of.Quantiles, quantile{float64(quantiles[i]) / 100, cents})
		}
		body.Currencies = append(body.Currencies, of)
	}
	return &basketsOutput{body}, nil
}
