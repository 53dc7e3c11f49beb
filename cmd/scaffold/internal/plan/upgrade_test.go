package plan_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/plan"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/project"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/render"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

const service = "modules/invoice/service.go"

// older are the templates with another word in one of them.
func older(t *testing.T) fs.FS {
	t.Helper()
	return with(t, "// Service is what can be done with", "// Service does what is done with")
}

// with are the templates with another text in place of one.
func with(t *testing.T, text, other string) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	names, err := fs.Glob(render.Templates, "*")
	require.NoError(t, err)
	for _, name := range names {
		content, err := fs.ReadFile(render.Templates, name)
		require.NoError(t, err)
		text := strings.Replace(string(content), text, other, 1)
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

// generated is a project with a module of older templates, which is a folder of a repository, committed.
func generated(t *testing.T) string {
	t.Helper()
	repository := t.TempDir()
	folder := filepath.Join(repository, "backend")
	for _, part := range []string{"go.mod", "configs/default.yaml", "wire_gen/modules.go", "platform/httpapi/version.go", "migrations/embed.go", "modules/catalog/module.go"} {
		content, err := os.ReadFile(filepath.Join("../../../..", part))
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, part)), 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(folder, part), content, 0o600))
	}
	p := begin(t, folder)
	p.Templates = older(t)
	require.NoError(t, p.AddModule(spec.Module{Name: "invoice", Fields: []spec.Field{{Name: "rank", Type: spec.Int}}}))
	require.NoError(t, errors.Join(p.Tree.Apply(), p.Tree.Done()))
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"-c", "user.name=n", "-c", "user.email=e@example.com", "commit", "-q", "-m", "m"}} {
		git := exec.CommandContext(t.Context(), "git", args...)
		git.Dir = repository
		require.NoError(t, git.Run())
	}
	return folder
}

func begin(t *testing.T, folder string) *plan.Plan {
	t.Helper()
	found, err := project.Open(folder)
	require.NoError(t, err)
	p, err := plan.New(found, time.Now())
	require.NoError(t, err)
	return p
}

func change(t *testing.T, folder, from, to string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, service))
	require.NoError(t, err)
	require.Contains(t, string(content), from)
	require.NoError(t, os.WriteFile(filepath.Join(folder, service), []byte(strings.Replace(string(content), from, to, 1)), 0o600))
}

func upgraded(t *testing.T, p *plan.Plan) string {
	t.Helper()
	content, err := p.Tree.Read(service)
	require.NoError(t, err)
	return string(content)
}

func TestAnUpgradeBringsWhatTheTemplatesHaveBecomeAndKeepsWhatWasWrittenByHand(t *testing.T) {
	folder := generated(t)
	change(t, folder, "// Check is asked", "// A Check is asked")
	p := begin(t, folder)
	require.NoError(t, p.Upgrade(nil))
	assert.Contains(t, upgraded(t, p), "// Service is what can be done with invoices.")
	assert.Contains(t, upgraded(t, p), "// A Check is asked")
	require.NoError(t, errors.Join(p.Tree.Apply(), p.Tree.Done()))

	again := begin(t, folder)
	require.NoError(t, again.Upgrade([]string{"invoice"}))
	assert.Empty(t, again.Tree.Changes(false))
	edits, err := again.HandEdits(nil)
	require.NoError(t, err)
	assert.Contains(t, edits, "+// A Check is asked")
	assert.NotContains(t, edits, "Service is what")
}

func TestAnUpgradeIsDueWhereSomethingWouldBeWrittenOtherwise(t *testing.T) {
	folder := generated(t)
	p := begin(t, folder)
	p.Templates = older(t)
	require.NoError(t, p.Upgrade(nil))
	assert.Empty(t, p.Tree.Changes(false))
	p = begin(t, folder)
	p.Templates = with(t, "// What the module does about the events of others.", "// What is done about events.")
	require.NoError(t, errors.Join(p.Upgrade(nil), p.Tree.Apply(), p.Tree.Done()))
	p = begin(t, folder)
	require.NoError(t, p.Upgrade(nil))
	assert.Empty(t, p.Tree.Changes(false), "it has no subscribers")
}

func TestAnUpgradeThatIsDueIsNotLostByRenaming(t *testing.T) {
	folder := generated(t)
	require.ErrorContains(t, begin(t, folder).Rename("invoice", "bill", "", false), "scaffold upgrade invoice")
	p := begin(t, folder)
	require.NoError(t, errors.Join(p.Upgrade(nil), p.Tree.Apply(), p.Tree.Done()))
	require.NoError(t, begin(t, folder).Rename("invoice", "bill", "", false))
}

func TestAnUpgradeNeverOverwritesAHandEditSilently(t *testing.T) {
	folder := generated(t)
	change(t, folder, "// Service does what is done with invoices.", "// Service is ours.")
	p := begin(t, folder)
	err := p.Upgrade(nil)
	require.ErrorIs(t, err, plan.ErrConflict)
	require.ErrorContains(t, err, service+": type Service")

	p = begin(t, folder)
	p.Keep = true
	require.NoError(t, p.Upgrade(nil))
	assert.Contains(t, upgraded(t, p), "// Service is ours.")
	assert.Equal(t, []string{service + ": type Service stays as it was changed by hand"}, p.Notes)
}

func TestWithoutAHistoryAHandEditCannotBeToldFromWhatWasGenerated(t *testing.T) {
	folder := generated(t)
	change(t, folder, "// Check is asked", "// A Check is asked")
	require.NoError(t, os.RemoveAll(filepath.Join(folder, "../.git")))
	require.ErrorContains(t, begin(t, folder).Upgrade(nil), service+": what was generated is neither in this program's templates nor in the history")
}
