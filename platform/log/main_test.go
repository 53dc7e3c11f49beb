package log_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/platform/log"
)

func TestMain(m *testing.M) {
	// lumberjack v2 starts one goroutine per file and has no way to end it; see Logger.Close.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("gopkg.in/natefinch/lumberjack%2ev2.(*Logger).millRun"))
}

// only reads the one JSON record in out.
func only(t *testing.T, out *bytes.Buffer) map[string]any {
	t.Helper()
	require.Equal(t, 1, strings.Count(out.String(), "\n"), "one record, got %q", out)
	var record map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &record), "in %q", out)
	return record
}

func console(format, color string) log.Config {
	return log.Config{Level: "info", Console: log.ConsoleConfig{Enabled: true, Format: format, Color: color}}
}

func open(t *testing.T, cfg log.Config) (*log.Logger, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	logger, err := log.New(cfg, &out)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, logger.Close()) })
	return logger, &out
}
