package analytics

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/trellis-go/trellis/platform/httpapi"
)

// export streams a report as CSV. write gets what takes a row.
func (h *Handler) export(
	in *PeriodInput, name string, header []string, write func(ctx context.Context, p Period, row func(...string) error) error,
) (*httpapi.Download, error) {
	p, err := h.period(in)
	if err != nil {
		return nil, err
	}
	return httpapi.Stream("text/csv", name+"_"+p.String()+".csv", func(ctx context.Context, w io.Writer) error {
		out, begun := csv.NewWriter(w), false
		row := func(cells ...string) error {
			if !begun { // not before the report is there: what fails until then is a problem document
				begun = true
				if err := out.Write(header); err != nil {
					return err
				}
			}
			return out.Write(cells)
		}
		err := write(ctx, p, row)
		if err == nil && !begun {
			err = out.Write(header)
		}
		if err != nil {
			return err
		}
		out.Flush()
		return out.Error()
	}), nil
}

// text is a cell with a text of others: spreadsheets take what begins like this for a formula, unless it is quoted.
func text(cell string) string {
	if strings.ContainsAny(cell[:min(len(cell), 1)], "=+-@\t\r\n") {
		return "'" + cell
	}
	return cell
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

func fraction(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func (h *Handler) exportSales(_ context.Context, in *salesInput) (*httpapi.Download, error) {
	header := []string{"start", "currency", "orders", "units", "revenue_cents"}
	return h.export(&in.PeriodInput, "sales", header, func(ctx context.Context, p Period, row func(...string) error) error {
		report, err := h.service.Sales(ctx, p, in.Interval, in.Zone())
		if err != nil {
			return err
		}
		for _, currency := range report.Currencies() {
			for _, point := range report.Sales[currency] {
				err := row(point.Start.Format(time.RFC3339), text(currency), whole(point.Orders), whole(point.Units), whole(point.RevenueCents))
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (h *Handler) exportTopProducts(_ context.Context, in *topProductsInput) (*httpapi.Download, error) {
	header := []string{"currency", "rank", "product_id", "sku", "name", "state", "quantity", "revenue_cents"}
	return h.export(&in.PeriodInput, "top-products", header, func(ctx context.Context, p Period, row func(...string) error) error {
		top, err := h.service.TopProducts(ctx, p, in.By, in.Limit)
		if err != nil {
			return err
		}
		for _, one := range top {
			err := row(text(one.Currency), strconv.Itoa(one.Rank), text(one.ProductID), text(one.SKU), text(one.Name), one.State(),
				whole(one.Quantity), whole(one.RevenueCents))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (h *Handler) exportConversion(_ context.Context, in *conversionInput) (*httpapi.Download, error) {
	header := []string{"step", "orders", "rate", "median_seconds"}
	return h.export(&in.PeriodInput, "conversion", header, func(ctx context.Context, p Period, row func(...string) error) error {
		c, err := h.service.Conversion(ctx, p)
		if err != nil {
			return err
		}
		for _, one := range stepsOf(c) {
			median := ""
			if one.MedianSeconds != nil {
				median = fraction(*one.MedianSeconds)
			}
			if err := row(string(one.Step), whole(one.Orders), fraction(one.Rate), median); err != nil {
				return err
			}
		}
		return nil
	})
}

func (h *Handler) exportBaskets(_ context.Context, in *basketsInput) (*httpapi.Download, error) {
	header := []string{"currency", "quantile", "cents"}
	return h.export(&in.PeriodInput, "baskets", header, func(ctx context.Context, p Period, row func(...string) error) error {
		baskets, err := h.service.Baskets(ctx, p)
		if err != nil {
			return err
		}
		for _, basket := range baskets {
			for i, cents := range basket.Quantiles {
				if err := row(text(basket.Currency), fraction(float64(quantiles[i])/100), whole(cents)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
