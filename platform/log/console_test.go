package log_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/log"
)

// line logs on a text console and gives the line without its time.
func line(t *testing.T, msg string, args ...any) string {
	t.Helper()
	logger, out := open(t, console("text", "never"))
	logger.Error(msg, args...)
	_, rest, _ := strings.Cut(out.String(), " ")
	return rest
}

func TestAColoredConsoleUsesEscapes(t *testing.T) {
	logger, out := open(t, console("text", "always"))
	logger.Warn("m")
	assert.Contains(t, out.String(), "\x1b[")
}

// tty looks like a terminal and keeps what it is sent.
type tty struct {
	bytes.Buffer
	fd uintptr
}

func (t *tty) Fd() uintptr { return t.fd }

func terminal(t *testing.T) *tty {
	t.Helper()
	file, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo-terminal here: ", err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return &tty{fd: file.Fd()}
}

func TestAutoColorsATerminalOnly(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	logger, out := open(t, console("text", "auto"))
	logger.Info("m")
	assert.NotContains(t, out.String(), "\x1b[", "a buffer is no terminal")

	screen := terminal(t)
	logger, err := log.New(console("text", "auto"), screen)
	require.NoError(t, err)
	logger.Info("m")
	assert.Contains(t, screen.String(), "\x1b[")
}

func TestAutoHeedsNoColorAndDumbTerminals(t *testing.T) {
	for name, value := range map[string]string{"NO_COLOR": "1", "TERM": "dumb"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("NO_COLOR", "")
			t.Setenv("TERM", "xterm")
			t.Setenv(name, value)
			screen := terminal(t)
			logger, err := log.New(console("text", "auto"), screen)
			require.NoError(t, err)
			logger.Info("m")
			assert.NotContains(t, screen.String(), "\x1b[")
		})
	}
}

func TestAStackIsPrintedBelowItsRecord(t *testing.T) {
	want := "ERR panic id=7\n    goroutine 1 [running]:\n    main.main()\n    \t/main.go:7\n"
	stack := "goroutine 1 [running]:\nmain.main()\n\t/main.go:7\n"
	assert.Equal(t, want, line(t, "panic", "stack", stack, "id", 7))
	assert.Equal(t, want, line(t, "panic", "stack", []byte(stack), "id", 7))
}

func TestAStackBelongsToOneRecord(t *testing.T) {
	logger, out := open(t, console("text", "never"))
	logger.With("a", 1).Error("first", "stack", "x()")
	logger.Error("second")
	assert.Regexp(t, `^\S+ ERR first a=1\n    x\(\)\n\S+ ERR second\n$`, out.String())
}

func TestAStackThatIsNoTextIsAnAttribute(t *testing.T) {
	assert.Equal(t, "ERR m stack=3\n", line(t, "m", "stack", 3))
}

func TestRecordsOfManyGoroutinesDoNotMix(t *testing.T) {
	logger, out := open(t, console("text", "never"))
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			logger.Error("with", "stack", "x()")
			logger.Error("without")
		})
	}
	wait.Wait()
	assert.Equal(t, 20, strings.Count(out.String(), "ERR with\n    x()\n"))
	assert.Equal(t, 20, strings.Count(out.String(), "ERR without\n"))
}

func TestATextCannotPassForAnotherRecordOrSteerTheTerminal(t *testing.T) {
	logger, out := open(t, console("text", "always"))
	logger.Info("a\n12:00 ERR forged \x1b[2J\u009b\xff", "agent", "b\n12:00 ERR \x1b[2J", "raw", []byte("\x1b[2J"), "err", errors.New("\x1b[2J"))
	assert.Equal(t, 1, strings.Count(out.String(), "\n"))
	assert.NotContains(t, out.String(), "\x1b[2J")
	assert.Contains(t, out.String(), "a␊12:00 ERR forged ␛[2J??")
}

func TestATextThatIsNoUTF8IsNotCut(t *testing.T) {
	assert.Equal(t, "ERR m x=a?b\n", line(t, "m", "x", "a\xffb"))
}

func TestTheConsoleWritesValuesForPeople(t *testing.T) {
	for want, value := range map[string]any{
		`x=2026-01-02T02:00:00.000Z`: time.Date(2026, 1, 2, 3, 0, 0, 0, time.FixedZone("CET", 3600)),
		`x=1.5s`:                     1500 * time.Millisecond,
		`x="{\"A\":1}"`:              struct{ A int }{1},
		`x=10.0.0.1`:                 netip.MustParseAddr("10.0.0.1"),
		`x=1MiB`:                     config.MiB,
		`x=hi`:                       []byte("hi"),
		`x=<nil>`:                    nil,
		`x=3`:                        count(3),
	} {
		assert.Equal(t, "ERR m "+want+"\n", line(t, "m", "x", value))
	}
	assert.Equal(t, "ERR m x=WARN\n", line(t, "m", "x", slog.LevelWarn))
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestAConsoleThatFailsDoesNotHarmTheCaller(t *testing.T) {
	logger, err := log.New(console("text", "never"), full{})
	require.NoError(t, err)
	logger.Info("m")
}
