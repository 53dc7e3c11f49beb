//go:build scaffold

package proof_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec/spectest"
)

const (
	batches = 8
	batch   = 25
)

// TestWhateverModulesThereAreTheyWorkTogether is 200 random modules: each batch is one project.
func TestWhateverModulesThereAreTheyWorkTogether(t *testing.T) {
	scaffold, folder := tool(t), project(t)
	before := picture(t, folder)
	for n := range batches {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			modules := several(n*1000, batch)
			for _, m := range modules {
				add(t, scaffold, folder, m)
			}
			command(t, folder, "go", "tool", "wire", "gen", "./wire_gen")
			command(t, folder, "go", "vet", "./modules/...", "./wire_gen", "./cmd/server")
			command(t, folder, "go", "test", "-count=1", "-vet=off", "-ldflags=-s -w", "./modules/...", "./test/boundaries")
			for _, m := range modules {
				command(t, folder, scaffold, "remove", m.Name, "--no-verify")
			}
			command(t, folder, "go", "tool", "wire", "gen", "./wire_gen")
			assert.Equal(t, before, picture(t, folder))
		})
	}
}

// several makes modules up, beginning with a seed, that do not clash with each other.
func several(seed, count int) []spec.Module {
	var modules []spec.Module
	names := []string{"catalog"}
	for ; len(modules) < count; seed++ {
		m := spectest.Module(names...).Example(seed)
		clashes := false
		for _, other := range modules {
			clashes = clashes || other.Route() == m.Route() || other.Slug() == m.Slug() ||
				strings.HasPrefix(m.Table(), other.Package()+"_") || strings.HasPrefix(other.Table(), m.Package()+"_")
		}
		if !clashes {
			modules, names = append(modules, m), append(names, m.Package())
		}
	}
	return modules
}

func add(t *testing.T, scaffold, folder string, m spec.Module) {
	t.Helper()
	var fields, versions []string
	for _, f := range m.Fields {
		fields = append(fields, f.String())
	}
	for _, v := range m.Versions {
		versions = append(versions, fmt.Sprintf("v%d", v))
	}
	args := []string{"module", m.Name, "--fields", strings.Join(fields, ","), "--api", strings.Join(versions, ","), "--no-verify"}
	if len(m.Events) > 0 {
		args = append(args, "--events", strings.Join(m.Events, ","))
	}
	if m.Plural != "" {
		args = append(args, "--plural", m.Plural)
	}
	command(t, folder, scaffold, args...)
	for _, o := range m.Operations {
		args := []string{"operation", m.Name, o.Name, "--method", o.Method, "--no-verify"}
		if o.Sets != "" {
			args = append(args, "--set", o.Sets+"="+o.To)
		}
		command(t, folder, scaffold, args...)
	}
}
