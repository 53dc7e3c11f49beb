package tasks_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/tasks"
)

// due gives these names, two at a time.
func due(names ...string) func(context.Context, string) ([]string, error) {
	return func(_ context.Context, after string) ([]string, error) {
		var batch []string
		for _, name := range names {
			if name > after && len(batch) < 2 {
				batch = append(batch, name)
			}
		}
		return batch, nil
	}
}

func TestEachThatIsDueIsDealtWithThoughOthersFail(t *testing.T) {
	bitter := errors.New("bitter")
	var seen []string
	done, err := tasks.Each(t.Context(), due("a", "b", "c", "d", "e"), func(_ context.Context, name string) (bool, error) {
		seen = append(seen, name)
		if name == "b" {
			return false, bitter
		}
		return name != "d", nil // which is not due any more
	})
	require.ErrorIs(t, err, bitter)
	assert.Equal(t, 3, done)
	assert.Equal(t, []string{"a", "b", "c", "d", "e"}, seen)
}

func TestWhatIsDueIsLeftWhenItCannotBeListedOrTheTimeIsOver(t *testing.T) {
	away := errors.New("the database is away")
	_, err := tasks.Each(t.Context(), func(context.Context, string) ([]string, error) { return nil, away },
		func(context.Context, string) (bool, error) { return true, nil })
	require.ErrorIs(t, err, away)

	ctx, cancel := context.WithCancel(t.Context())
	done, err := tasks.Each(ctx, due("a", "b", "c"), func(context.Context, string) (bool, error) { cancel(); return true, nil })
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 2, done, "a batch is ended")
}
