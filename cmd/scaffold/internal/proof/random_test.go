//go:build scaffold

package proof_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec/spectest"
)

// batch is how many modules one project has: the graph is generated and the packages they share are compiled once for all.
const batch = 50

// wanted is how many modules are made up: SCAFFOLD_MODULES, or 200.
func wanted(t *testing.T) int {
	t.Helper()
	text := os.Getenv("SCAFFOLD_MODULES")
	if text == "" {
		return 200
	}
	number, err := strconv.Atoi(text)
	require.NoError(t, err, "SCAFFOLD_MODULES is a number")
	return number
}

// TestWhateverModulesThereAreTheyWorkTogether makes modules up: each batch is one project.
func TestWhateverModulesThereAreTheyWorkTogether(t *testing.T) {
	t.Setenv("GOGC", "400")
	scaffold, folder := tool(t), project(t)
	before := picture(t, folder)
	for first, left := 0, wanted(t); left > 0; first, left = first+1, left-batch {
		t.Run(fmt.Sprint(first), func(t *testing.T) {
			modules := several(first*1000, min(batch, left))
			for _, m := range modules {
				add(t, scaffold, folder, m)
			}
			command(t, folder, "go", "tool", "wire", "gen", "./wire_gen")
			tested := []string{"./test/boundaries"}
			for _, m := range modules {
				tested = append(tested, "./modules/"+m.Package())
			}
			command(t, folder, "go", append([]string{"test", "-count=1", "-vet=off", "-ldflags=-s -w"}, tested...)...)
			command(t, folder, "go", append([]string{"vet"}, tested[1:]...)...)
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
	if m.Owner != "" {
		args = append(args, "--owner", m.Owner)
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
	for _, j := range m.Tasks {
		command(t, folder, scaffold, "task", m.Name, j.Name, "--every", j.Every, "--cron", j.Cron, "--zone", j.Zone,
			"--set", j.Sets+"="+j.To, "--no-verify")
	}
	for _, s := range m.Subscribers {
		args := []string{"subscriber", s.Type, "--in", m.Name, "--no-verify"}
		if s.Do != "" {
			args = append(args, "--do", s.Do, "--by", s.By)
		}
		command(t, folder, scaffold, args...)
	}
}
