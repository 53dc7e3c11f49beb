package main

import (
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/plan"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/tree"
)

// asked makes the test's own program the scaffolder, with the arguments that follow.
const asked = "SCAFFOLD_TEST_RUN"

// TestProcess is that program: a process of its own, to kill.
func TestProcess(*testing.T) {
	folder := os.Getenv(asked)
	if folder == "" {
		return
	}
	os.Args = []string{"scaffold", "module", "invoice", "--fields", invoice, "-C", folder}
	os.Exit(process())
}

// patience is how long a test waits for what happens at once.
const patience = 20 * time.Second

// tool is a go command that begins another, as the real one does, and never ends, unless it is asked for its environment.
type tool struct {
	folder string
	alive  *os.File // at its end once none of them is there
}

func newTool(t *testing.T) *tool {
	t.Helper()
	made := &tool{folder: t.TempDir()}
	script := "#!/bin/sh\n[ \"$1\" = env ] && exit\nexec 9>$0.alive\n: >$0-$$\n[ \"$1\" = again ] || $0 again &\nexec sleep 60\n"
	require.NoError(t, os.WriteFile(made.path("go"), []byte(script), 0o700))
	require.NoError(t, syscall.Mkfifo(made.path("go.alive"), 0o600))
	var err error
	made.alive, err = os.OpenFile(made.path("go.alive"), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	require.NoError(t, err)
	t.Cleanup(func() {
		made.kill(t)
		require.NoError(t, made.alive.Close())
	})
	return made
}

func (u *tool) path(name string) string { return filepath.Join(u.folder, name) }

// kill ends all that was begun.
func (u *tool) kill(t *testing.T) {
	t.Helper()
	for _, name := range glob(t, u.folder, "go-*") {
		id, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(name), "go-"))
		require.NoError(t, err)
		_ = syscall.Kill(id, syscall.SIGKILL) // it may have ended
	}
	u.ended(t)
}

// ended waits until all that was begun has come to its end.
func (u *tool) ended(t *testing.T) {
	t.Helper()
	require.NoError(t, u.alive.SetReadDeadline(time.Now().Add(patience)))
	_, err := io.Copy(io.Discard, u.alive)
	require.NoError(t, err)
}

// verifying begins a command in a process of its own, and comes back when all is written and about to be verified.
func verifying(t *testing.T, folder string) (*exec.Cmd, *tool) {
	t.Helper()
	with := newTool(t)
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProcess$")
	command.Env = append(os.Environ(), asked+"="+folder, "PATH="+with.folder+":"+os.Getenv("PATH"))
	require.NoError(t, command.Start())
	require.Eventually(t, func() bool { return len(glob(t, with.folder, "go-*")) == 4 }, patience, time.Millisecond, "Wire, the tests, and what they begin")
	return command, with
}

// killed leaves behind what a command had written that was killed while it was verified.
func killed(t *testing.T, folder string) {
	t.Helper()
	command, tool := verifying(t, folder)
	busy := func() bool {
		_, _, errs := call(t, folder, "middleware", "forbid_index", "--header", "X-Robots-Tag: noindex", "--dry-run")
		return strings.Contains(errs, "another command is changing the project")
	}
	require.True(t, busy())
	require.NoError(t, command.Process.Kill())
	require.Error(t, command.Wait())
	require.FileExists(t, filepath.Join(folder, "modules/invoice/invoice.go"))
	require.True(t, busy(), "Wire lives, and is going to write")
	tool.kill(t)
	require.Eventually(t, func() bool { return !busy() }, patience, time.Millisecond)
}

func TestWhatAKilledCommandHasLeftBehindIsTakenBackByTheNext(t *testing.T) {
	folder := checkout(t)
	before := picture(t, folder)
	killed(t, folder)

	half := picture(t, folder)
	code, _, errs := call(t, folder, "remove", "nothing", "--dry-run")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "the next one without --dry-run takes back what it did to\n  configs/default.yaml\n")
	assert.Equal(t, half, picture(t, folder))
	code, _, errs = call(t, folder, "remove", "nothing")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "a command was killed before it was done")
	assert.Contains(t, errs, "modules/invoice/invoice.go")
	assert.Equal(t, before, picture(t, folder))
	assert.NoDirExists(t, filepath.Join(folder, "modules/invoice"))
	_, _, errs = call(t, folder, "remove", "nothing")
	assert.NotContains(t, errs, "was killed")
}

func TestWhoeverInterruptsEndsAllThatTheCommandHasBegun(t *testing.T) {
	for _, by := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		t.Run(by.String(), func(t *testing.T) {
			heard := make(chan os.Signal, 1)
			signal.Notify(heard, by) // or the command would ignore it with us, under nohup
			defer signal.Stop(heard)
			folder := checkout(t)
			before := picture(t, folder)
			command, tool := verifying(t, folder)
			require.NoError(t, command.Process.Signal(by))
			require.Error(t, command.Wait())
			tool.ended(t)
			assert.Equal(t, before, picture(t, folder))
		})
	}
}

func TestTheNextCommandKeepsWhatSomebodyWroteAfterAKill(t *testing.T) {
	folder := checkout(t)
	killed(t, folder)
	edit(t, folder, "modules/invoice/service.go", "// Service is", "// A Service is")
	half := picture(t, folder)
	for _, args := range [][]string{{"migration", "fill_it"}, {"migration", "fill_it", "--dry-run"}} {
		code, _, errs := call(t, folder, args...)
		assert.Equal(t, 1, code)
		assert.Contains(t, errs, "somebody has since changed\n  modules/invoice/service.go\n")
		assert.Equal(t, half, picture(t, folder))
	}
	require.NoError(t, os.Remove(filepath.Join(folder, tree.JournalFile)))
	must(t, folder, "migration", "fill_it")
	assert.Contains(t, read(t, folder, "modules/invoice/service.go"), "// A Service is")
}

func TestANewProjectIsNotMadeOfWhatAKilledCommandHasLeftBehind(t *testing.T) {
	folder, into := checkout(t), filepath.Join(t.TempDir(), "shop")
	history(t, folder, "v1.0.0")
	killed(t, folder)
	must(t, folder, "new", "example.com/acme/shop", "--into", into)
	assert.FileExists(t, filepath.Join(into, "wire_gen/modules.go"))
	assert.NoDirExists(t, filepath.Join(into, "modules/invoice"))
}

func TestWhileACommandPlansNoOtherPlansAChange(t *testing.T) {
	folder := checkout(t)
	command := &cobra.Command{}
	command.SetContext(t.Context())
	command.SetOut(io.Discard)
	first := &work{folder: folder, fast: true}
	require.NoError(t, first.do(command, func(*plan.Plan) ([]string, error) {
		code, _, errs := call(t, folder, "migration", "fill_it")
		assert.Equal(t, 1, code)
		assert.Contains(t, errs, tree.ErrBusy.Error())
		must(t, folder, "migration", "fill_it", "--dry-run")
		return nil, nil
	}))
	must(t, folder, "migration", "fill_it")
}

func TestWhatAnEditorSavesWhileACommandPlansStays(t *testing.T) {
	folder := checkout(t)
	command := &cobra.Command{}
	command.SetContext(t.Context())
	var saved map[string]string
	first := &work{folder: folder, fast: true}
	err := first.do(command, func(p *plan.Plan) ([]string, error) {
		m := spec.Module{Name: "purchase", Fields: []spec.Field{{Name: "rank", Type: spec.Int}}}
		require.NoError(t, p.AddModule(m))
		edit(t, folder, "configs/default.yaml", "\nmodules:\n", "\n# Ours.\nmodules:\n")
		saved = picture(t, folder)
		return nil, nil
	})
	require.ErrorContains(t, err, "nothing was written: give it again\n  configs/default.yaml")
	assert.Equal(t, saved, picture(t, folder))
}

func TestACommandThatIsDoneLeavesNoJournal(t *testing.T) {
	folder := checkout(t)
	must(t, folder, "module", "invoice", "--fields", invoice)
	assert.NoFileExists(t, filepath.Join(folder, tree.JournalFile))
}
