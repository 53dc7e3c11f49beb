// Package telemetry is what the program tells its operators about itself: the Prometheus registry that /metrics
// serves, and what was built from which source.
package telemetry

import (
	"log/slog"
	"runtime"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Build says what is running.
type Build struct {
	Version  string `json:"version"`  // the release, or "devel"
	Revision string `json:"revision"` // the commit, with -dirty when the tree was changed; empty when unknown
	Time     string `json:"time"`     // of the commit, RFC 3339; empty when unknown
	Go       string `json:"go"`       // the toolchain
}

// LogValue logs the build as a group.
func (b Build) LogValue() slog.Value {
	return slog.GroupValue(slog.String("version", b.Version), slog.String("revision", b.Revision), slog.String("go", b.Go))
}

// ReadBuild reads what the linker and the Go tool stamped into the binary. The version is what the release build sets
// with -ldflags "-X main.version=…", else the module's version.
func ReadBuild(version string) Build {
	build := Build{Version: version, Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return build
	}
	if build.Version == "" {
		build.Version = info.Main.Version
	}
	if build.Version == "" || build.Version == "(devel)" {
		build.Version = "devel"
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			build.Revision = setting.Value + build.Revision
		case "vcs.modified":
			if setting.Value == "true" {
				build.Revision += "-dirty"
			}
		case "vcs.time":
			build.Time = setting.Value
		}
	}
	return build
}

// NewRegistry makes a registry with the metrics of the Go runtime, the process and the build. It belongs to one
// application: nothing is registered globally.
func NewRegistry(build Build) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "trellis_build_info",
		Help: "Always 1; the labels say what is running.",
		ConstLabels: prometheus.Labels{
			"version": build.Version, "revision": build.Revision, "go_version": build.Go,
		},
	})
	info.Set(1)
	registry.MustRegister(
		info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return registry
}
