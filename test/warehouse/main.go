// Command warehouse fills the facts of analytics with orders as they might have happened over a year, and measures the
// reports on them.
//
//	go run ./test/warehouse -primary data/trellis.db -events 1000
//	go run ./test/warehouse -warehouse http://127.0.0.1:38123 -events 2000000 -measure
//
// Events come to the module's own handlers, and one in twenty comes again, without the receipt that a subscription would
// have. What it fills is gone at the end, unless -primary names the file to keep: in ClickHouse it has a database of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/modules/analytics"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/migrate"
)

type options struct {
	primary, warehouse string
	events             int
	measure            bool
}

func main() {
	var o options
	flag.StringVar(&o.primary, "primary", "", "the SQLite file of the module; one of its own when it is empty")
	flag.StringVar(&o.warehouse, "warehouse", "", "the DSN of a ClickHouse, without a database; the primary when it is empty")
	flag.IntVar(&o.events, "events", 1000, "how many events there are")
	flag.BoolVar(&o.measure, "measure", false, "measure the reports")
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	folder, err := os.MkdirTemp("", "trellis-warehouse-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if o.primary == "" {
		o.primary = filepath.Join(folder, "primary.db")
	}
	databases, drop, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer drop()
	cfg := analytics.Config{
		Database: "primary", Warehouse: "warehouse", BatchSize: 10_000, BatchAge: time.Second, ReportTimeout: time.Minute,
	}
	repo, err := analytics.NewRepository(cfg, databases)
	if err != nil {
		return err
	}
	warehouse, err := analytics.OpenWarehouse(cfg, databases)
	if err != nil {
		return err
	}
	quiet := slog.New(slog.DiscardHandler)
	recorder := analytics.NewRecorder(cfg, repo, warehouse, clock.System, prometheus.NewRegistry(), quiet)
	story := newStory(o.events)
	if err := fill(ctx, repo, recorder, story); err != nil {
		return err
	}
	if !o.measure {
		return nil
	}
	service := analytics.NewService(repo, warehouse, clock.System)
	if err := measure(ctx, service, story); err != nil || o.warehouse == "" {
		return err
	}
	fmt.Println("the same after the merges that ClickHouse makes by itself when a month is over")
	return errors.Join(merge(ctx, databases), measure(ctx, service, story))
}

// merge brings the merges forward.
func merge(ctx context.Context, databases *database.Manager) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	ch, err := databases.ClickHouse("warehouse")
	if err != nil {
		return err
	}
	return ch.Exec(ctx, "OPTIMIZE TABLE analytics_facts FINAL", nil)
}

// open connects and migrates the databases. A ClickHouse gets a database of its own.
func open(ctx context.Context, o options) (*database.Manager, func(), error) {
	cfgs := database.Configs{"primary": {Driver: "sqlite", DSN: config.DSN(o.primary)}}
	quiet, drop := slog.New(slog.DiscardHandler), func() {}
	if o.warehouse != "" {
		const name = "trellis_measured"
		server, err := database.Open(database.Configs{"server": {Driver: "clickhouse", DSN: config.DSN(o.warehouse + "/default")}}, quiet)
		if err != nil {
			return nil, nil, err
		}
		ch, err := server.ClickHouse("server")
		if err != nil {
			return nil, nil, err
		}
		for _, statement := range []string{"DROP DATABASE IF EXISTS " + name, "CREATE DATABASE " + name} {
			if err := ch.Exec(ctx, statement, nil); err != nil {
				return nil, nil, err
			}
		}
		drop = func() {
			_ = ch.Exec(ctx, "DROP DATABASE "+name, nil)
			_ = server.Close(ctx)
		}
		cfgs["warehouse"] = database.Config{Driver: "clickhouse", DSN: config.DSN(o.warehouse + "/" + name)}
	}
	m, err := database.Open(cfgs, quiet)
	if err == nil {
		err = m.Start(ctx)
	}
	if err == nil {
		err = migrate.New(m, migrations.Files, quiet).Up(ctx)
	}
	return m, func() { _ = m.Close(ctx); drop() }, err
}

// fill tells the recorder of all events, one in twenty of them twice, and moves them into the warehouse.
func fill(ctx context.Context, repo *analytics.Repository, recorder *analytics.Recorder, story *story) error {
	const together = 2000 // in one transaction, to be quick
	began, told := time.Now(), 0
	for batch := range story.batches(together) {
		err := repo.InTx(ctx, func(ctx context.Context) error {
			for i, event := range batch {
				if err := event.tell(ctx, recorder); err != nil {
					return err
				}
				if i%20 == 0 {
					if err := event.tell(ctx, recorder); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		told += len(batch) + (len(batch)+19)/20
	}
	fmt.Printf("%d deliveries of %d events were taken in %s\n", told, story.told, time.Since(began).Round(time.Millisecond))
	began = time.Now()
	if err := recorder.Move(ctx); err != nil {
		return err
	}
	fmt.Printf("they are in the warehouse after another %s\n", time.Since(began).Round(time.Millisecond))
	return nil
}

// measure makes each report once, on a connection and marks that are cold, and then often.
func measure(ctx context.Context, service *analytics.Service, story *story) error {
	year := analytics.Period{From: story.from, To: story.to}
	month := analytics.Period{From: story.to.AddDate(0, 0, -30), To: story.to}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return err
	}
	conversion, err := service.Conversion(ctx, analytics.Period{From: story.from.AddDate(0, 0, -1), To: story.to.AddDate(0, 0, 1)})
	if err != nil {
		return err
	}
	counted := int64(0)
	for _, step := range conversion.Steps {
		counted += step.Orders
	}
	fmt.Printf("counted are %d facts of %d events\n", counted, story.told)
	if counted != int64(story.told) {
		return fmt.Errorf("%d facts are not %d", counted, story.told)
	}
	for _, one := range []struct {
		name   string
		report func(analytics.Period) error
	}{
		{"sales by day in Europe/Berlin", func(p analytics.Period) error { _, err := service.Sales(ctx, p, analytics.Day, berlin); return err }},
		{"top 10 products by revenue", func(p analytics.Period) error {
			_, err := service.TopProducts(ctx, p, analytics.ByRevenue, 10)
			return err
		}},
		{"conversion", func(p analytics.Period) error { _, err := service.Conversion(ctx, p); return err }},
		{"baskets, 7 quantiles", func(p analytics.Period) error { _, err := service.Baskets(ctx, p); return err }},
	} {
		if err := clock30(one.name+", a year", year, one.report); err != nil {
			return err
		}
		if err := clock30(one.name+", 30 days", month, one.report); err != nil {
			return err
		}
	}
	return nil
}

// clock30 shows how long the first of 30 reports takes, and the median and the slowest of the others.
func clock30(name string, p analytics.Period, report func(analytics.Period) error) error {
	var took []time.Duration
	for range 30 {
		began := time.Now()
		if err := report(p); err != nil {
			return err
		}
		took = append(took, time.Since(began))
	}
	first, median, slowest := spread(took)
	fmt.Printf("%-44s first %6s  median %6s  slowest %6s\n", name, first, median, slowest)
	return nil
}
