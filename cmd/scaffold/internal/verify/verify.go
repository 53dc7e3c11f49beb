// Package verify makes sure that a changed project is whole: the graph is generated, the server builds, the documents of
// its API are written, the tests of what changed pass.
package verify

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/skim"
)

// Step is how long a part of the work took.
type Step struct {
	Name string        `json:"name"`
	Took time.Duration `json:"nanoseconds"`
}

// Runner runs the Go tool in a project.
type Runner struct {
	Root     string
	Versions []int    // of the API
	Graph    bool     // the modules are others than before, and so is the graph
	Lock     *os.File // held by what writes into the project, beyond the end of this process; nil: nothing
	Untidy   bool     // go.mod may list what nothing needs
	Program  string   // this one, where Wire may call it as its driver; empty: Wire reads everything
	Steps    []Step

	mu      sync.Mutex
	settled sync.Once
	flags   string // of the Go tool
}

// Watched are the files that All writes.
func (r *Runner) Watched() []string {
	paths := []string{"wire_gen/wire_gen.go"}
	for _, version := range r.Versions {
		paths = append(paths, document(version))
	}
	return paths
}

func document(version int) string { return fmt.Sprintf("test/api/v%d.json", version) }

// Timed runs a part of the work and notes how long it took.
func (r *Runner) Timed(name string, work func() error) error {
	begun := time.Now()
	err := work()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Steps = append(r.Steps, Step{name, time.Since(begun)})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// All tests the packages, and beside that generates the graph where it has changed, builds the server and writes the documents of
// its API. The first failure ends what still runs.
func (r *Runner) All(ctx context.Context, packages ...string) error {
	if slices.ContainsFunc(packages, func(name string) bool { return strings.HasPrefix(name, "./test/") }) {
		return r.inTurn(ctx, packages) // they are tests of the graph
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var built, tested error
	var both sync.WaitGroup
	both.Go(func() {
		if built = r.whole(ctx); built != nil {
			cancel()
		}
	})
	if len(packages) > 0 {
		both.Go(func() {
			if tested = r.test(ctx, packages); tested != nil {
				cancel()
			}
		})
	}
	both.Wait()
	if errors.Is(built, context.Canceled) && tested != nil {
		return tested
	}
	if errors.Is(tested, context.Canceled) && built != nil {
		return built
	}
	return errors.Join(built, tested)
}

// Prune generates the graph and takes what nothing needs any more out of go.mod. Without a network that may not be
// possible, and is left: see Untidy.
func (r *Runner) Prune(ctx context.Context) error {
	if err := r.wire(ctx); err != nil {
		return err
	}
	r.Graph = false
	r.Untidy = r.Timed("tidy", func() error { return r.run(ctx, nil, nil, "go", "mod", "tidy") }) != nil
	return ctx.Err()
}

func (r *Runner) inTurn(ctx context.Context, packages []string) error {
	if err := r.whole(ctx); err != nil {
		return err
	}
	return r.test(ctx, packages)
}

// test runs the tests of packages. What vet would find, the linters of the gate do.
func (r *Runner) test(ctx context.Context, packages []string) error {
	arguments := append([]string{"test", "-count=1", "-vet=off", "-ldflags=-s -w"}, packages...)
	return r.Timed("test", func() error { return r.run(ctx, nil, nil, "go", arguments...) })
}

// whole generates the graph and builds the server with it.
func (r *Runner) whole(ctx context.Context) error {
	if r.Graph {
		if err := r.wire(ctx); err != nil {
			return err
		}
	}
	return r.Timed("build", func() error { return r.build(ctx) })
}

func (r *Runner) wire(ctx context.Context) error {
	var driver []string
	if r.Program != "" {
		driver = skim.Environment(r.Program)
	}
	return r.Timed("wire", func() error { return r.run(ctx, driver, nil, "go", "tool", "wire", "gen", "./wire_gen") })
}

// build makes the server and lets it describe its API.
func (r *Runner) build(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "scaffold-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	server := filepath.Join(folder, "server")
	if err := r.run(ctx, nil, nil, "go", "build", "-ldflags=-s -w", "-o", server, "./cmd/server"); err != nil {
		return err
	}
	for _, version := range r.Versions {
		var described bytes.Buffer
		if err := r.run(ctx, nil, &described, server, "openapi", "--version", fmt.Sprintf("v%d", version)); err != nil {
			return err
		}
		path := filepath.Join(r.Root, filepath.FromSlash(document(version)))
		before, err := os.ReadFile(path) //nolint:gosec // of the project
		if err == nil && bytes.Equal(before, described.Bytes()) {
			continue
		}
		if err := os.WriteFile(path, described.Bytes(), 0o644); err != nil { //nolint:gosec // a source file
			return err
		}
	}
	return nil
}

// run runs a program in the project. What it says is in the error. When ctx ends, so does the program with all that it has
// begun: the Go tool runs Wire as a process of its own, which would write after everything was taken back.
func (r *Runner) run(ctx context.Context, more []string, stdout *bytes.Buffer, name string, args ...string) error {
	program := exec.CommandContext(ctx, name, args...) //nolint:gosec // of our own choice
	program.Dir, program.Env = r.Root, append(r.environment(ctx), more...)
	program.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	program.Cancel = func() error { return syscall.Kill(-program.Process.Pid, syscall.SIGKILL) }
	program.WaitDelay = 5 * time.Second
	if r.Lock != nil {
		program.ExtraFiles = []*os.File{r.Lock}
	}
	var said bytes.Buffer
	program.Stdout, program.Stderr = &said, &said
	if stdout != nil {
		program.Stdout = stdout
	}
	err := program.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(append([]string{filepath.Base(name)}, args...), " "), err, said.String())
	}
	return nil
}

// environment is that of the Makefile, so that both use one build cache. Programs that live for seconds collect less garbage:
// of the time that Wire takes, whose heap is all packages from source, that is a quarter.
func (r *Runner) environment(ctx context.Context) []string {
	r.settled.Do(func() {
		asked := exec.CommandContext(ctx, "go", "env", "GOFLAGS") // those of go env -w, too
		asked.Dir = r.Root
		stored, _ := asked.Output() // without it the program that needs them says what is wrong
		r.flags = strings.TrimSpace(string(stored))
		if !strings.Contains(r.flags, "-tags") {
			r.flags = strings.TrimSpace(r.flags + " -tags=nomsgpack")
		}
	})
	return append(os.Environ(), "GOFLAGS="+r.flags, "GOGC="+cmp.Or(os.Getenv("GOGC"), "400"), "CGO_CFLAGS="+cmp.Or(os.Getenv("CGO_CFLAGS"), "-O1 -g0"))
}
