package platform

import (
	"fmt"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trellis-go/trellis/platform/app"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/tasks"
)

// WorkerConfig is the section worker.
type WorkerConfig struct {
	Enabled bool   // whether a process that serves the API also carries out what waits in the background
	Addr    string `validate:"required"` // host:port for the probes and metrics of a process that serves no API
}

// NewWorker makes what carries out the tasks of every module. It refuses a module with tasks on another database than
// theirs, since no transaction spans two.
func NewWorker(
	cfg tasks.Config, in *tasks.Tasks, registry *prometheus.Registry, modules []module.Module,
) (*tasks.Worker, error) {
	var handlers []tasks.Handler
	var schedules []tasks.Schedule
	for _, m := range modules {
		if len(m.Tasks) > 0 && m.Database != cfg.Database {
			return nil, fmt.Errorf("modules.%s.database is %s and tasks.database is %s: the module enqueues tasks in its "+
				"transactions, so both must name the same one", m.Name, m.Database, cfg.Database)
		}
		handlers = append(handlers, m.Tasks...)
		schedules = append(schedules, m.Schedules...)
	}
	return tasks.NewWorker(in, registry, handlers, schedules)
}

// WorkerApp is the program as a process that carries out what waits in the background and serves no API.
type WorkerApp struct{ *app.App }

// NewWorkerApp lists its parts in the order in which they start. Its probes answer until the end.
func NewWorkerApp(p Parts, cfg WorkerConfig, api *httpapi.API) *WorkerApp {
	server := httpapi.NewProbes(api, cfg.Addr)
	return &WorkerApp{app.New(p.Life, p.Logger, p.Health, slices.Concat(
		p.ground(),
		[]app.Component{
			{Name: "health", Stop: p.Health.Close},
			{Name: "probes", Start: server.Start, Run: server.Run, Stop: server.Stop},
		},
		p.work(),
	)...)}
}
