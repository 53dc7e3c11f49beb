package config_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
)

func TestASizeIsReadWithItsUnit(t *testing.T) {
	cases := map[string]config.Size{
		"0": 0, "4096": 4096, "12B": 12, "64KiB": 64 << 10, "1MiB": 1 << 20, "2 GiB": 2 << 30, " 5 ": 5,
	}
	for text, want := range cases {
		var size config.Size
		require.NoError(t, size.UnmarshalText([]byte(text)), text)
		assert.Equal(t, want, size, text)
	}
}

func TestWhatIsNoSizeIsRefused(t *testing.T) {
	for _, text := range []string{"", "KiB", "-1", "1.5MiB", "1MB", "1mib", "9223372036854775807", "8589934592GiB"} {
		var size config.Size
		assert.ErrorContains(t, size.UnmarshalText([]byte(text)), "is not a size", text)
	}
}

func TestASizeIsWrittenInItsLargestUnit(t *testing.T) {
	for size, want := range map[config.Size]string{0: "0", 1000: "1000", 1024: "1KiB", 1536: "1536", 3 << 20: "3MiB", 1 << 40: "1024GiB"} {
		encoded, err := json.Marshal(size)
		require.NoError(t, err)
		assert.Equal(t, `"`+want+`"`, string(encoded))
		var again config.Size
		require.NoError(t, again.UnmarshalText([]byte(want)))
		assert.Equal(t, size, again)
	}
}
