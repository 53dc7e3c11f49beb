package log_test

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/log"
)

func TestARecordHasTimeLevelAndMessage(t *testing.T) {
	logger, out := open(t, console("json", "auto"))

	logger.Warn("stock is low", "product", "p-1")

	record := only(t, out)
	assert.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`, record["time"])
	delete(record, "time")
	assert.Equal(t, map[string]any{"level": "warn", "msg": "stock is low", "product": "p-1"}, record)
}

func TestEveryLevelIsWrittenInLowerCase(t *testing.T) {
	for level, want := range map[slog.Level]string{
		slog.LevelDebug: "debug", slog.LevelInfo: "info", slog.LevelWarn: "warn", slog.LevelError: "error", 2: "info+2",
	} {
		var out bytes.Buffer
		log.NewTest(&out).Log(context.Background(), level, "m")
		assert.Equal(t, want, only(t, &out)["level"])
	}
}

func TestTimesAreUTCWithMillisecondsAndDurationsHaveTheirUnit(t *testing.T) {
	var out bytes.Buffer
	zone := time.FixedZone("CET", 3600)

	log.NewTest(&out).Info("m", "at", time.Date(2026, 1, 2, 3, 4, 5, 6e6, zone), "took", 1500*time.Millisecond)

	record := only(t, &out)
	assert.Equal(t, "2026-01-02T02:04:05.006Z", record["at"])
	assert.Equal(t, "1.5s", record["took"])
}

func TestSeveralSinksGetEveryRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs", "trellis.log")
	cfg := console("text", "never")
	cfg.File = log.FileConfig{Enabled: true, Path: path}
	logger, out := open(t, cfg)

	logger.InfoContext(log.With(t.Context(), slog.String("request_id", "r-1")), "hello", "token", "abc")

	assert.Regexp(t, `^\d\d:\d\d:\d\d\.\d{3} INF hello token=\[hidden\] request_id=r-1\n$`, out.String())
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	record := only(t, bytes.NewBuffer(written))
	assert.Equal(t, "[hidden]", record["token"])
	assert.Equal(t, "r-1", record["request_id"])
}

func TestWithoutASinkNothingIsWritten(t *testing.T) {
	logger, out := open(t, log.Config{Level: "debug"})
	logger.Error("m")
	assert.Empty(t, out.String())
	assert.False(t, logger.Enabled(t.Context(), slog.LevelError))
}

func TestTheLevelDecidesWhatIsWritten(t *testing.T) {
	logger, out := open(t, console("json", "auto"))
	logger.Debug("before")
	require.NoError(t, logger.SetLevel("debug"))
	logger.Debug("after")
	assert.Equal(t, "after", only(t, out)["msg"])
	assert.Equal(t, "debug", logger.Level())
}

func TestTheLevelReachesLoggersMadeBefore(t *testing.T) {
	logger, out := open(t, console("text", "never"))
	child := logger.With("module", "order")
	require.NoError(t, logger.SetLevel("error"))
	child.Warn("m")
	assert.Empty(t, out.String())
}

func TestAnUnknownLevelChangesNothing(t *testing.T) {
	logger, _ := open(t, console("json", "auto"))
	for _, name := range []string{"loud", "INFO", "info+1", ""} {
		require.EqualError(t, logger.SetLevel(name), `log.level: "`+name+`" is not one of debug, info, warn, error`)
	}
	assert.Equal(t, "info", logger.Level())
}

func TestTheLevelMayChangeWhileOthersLog(t *testing.T) {
	logger, _ := open(t, console("json", "auto"))
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for _, name := range []string{"debug", "info", "warn", "error"} {
				assert.NoError(t, logger.SetLevel(name))
				logger.Info(logger.Level())
			}
		})
	}
	wait.Wait()
}

func TestNewNamesTheSettingThatIsWrong(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for want, change := range map[string]func(*log.Config){
		`log.level: "loud" is not one of`:           func(c *log.Config) { c.Level = "loud" },
		`log.console.format: "xml" is not one of`:   func(c *log.Config) { c.Console.Format = "xml" },
		`log.console.color: "purple" is not one of`: func(c *log.Config) { c.Console.Color = "purple" },
		`log.file.path: `:                           func(c *log.Config) { c.File.Path = filepath.Join(file, "x.log") },
	} {
		cfg := console("text", "never")
		cfg.File = log.FileConfig{Enabled: true, Path: filepath.Join(t.TempDir(), "x.log")}
		change(&cfg)
		_, err := log.New(cfg, nil)
		assert.ErrorContains(t, err, want)
	}
}

func TestTheTagsOfConfigAcceptWhatNewAccepts(t *testing.T) {
	validate := validator.New()
	cfg := console("text", "auto")
	require.NoError(t, validate.Struct(cfg))
	cfg.File.Enabled = true
	require.ErrorContains(t, validate.Struct(cfg), "Config.File.Path")
	cfg.File.Path = "x.log"
	require.NoError(t, validate.Struct(cfg))
	cfg.File.MaxSize = -1
	require.ErrorContains(t, validate.Struct(cfg), "Config.File.MaxSize")
}

func TestAFullFileIsRotatedAtWholeMiB(t *testing.T) {
	folder := t.TempDir()
	logger, _ := open(t, log.Config{Level: "info", File: log.FileConfig{
		Enabled: true, Path: filepath.Join(folder, "x.log"), MaxSize: config.KiB, MaxAge: time.Hour, MaxBackups: 10,
	}})
	half := strings.Repeat("x", int(config.MiB/2))
	logger.Info(half)
	assert.Len(t, logs(t, folder), 1, "a size below one MiB is rounded up to it")
	logger.Info(half)
	assert.Len(t, logs(t, folder), 2)
}

func TestARecordAfterCloseIsNotLost(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "x.log")
	logger, _ := open(t, log.Config{Level: "info", File: log.FileConfig{Enabled: true, Path: path}})
	require.NoError(t, logger.Close())
	logger.Info("late")
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "late", only(t, bytes.NewBuffer(written))["msg"])
}

func TestDiscardWritesNothing(t *testing.T) {
	assert.False(t, log.Discard().Enabled(t.Context(), slog.LevelError))
}

func logs(t *testing.T, folder string) []string {
	t.Helper()
	names, err := fs.Glob(os.DirFS(folder), "*.log")
	require.NoError(t, err)
	return names
}
