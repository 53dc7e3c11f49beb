package page_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/platform/problem"
)

func TestACursorGivesBackWhatWasPutIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sort, filters := rapid.String().Draw(t, "sort"), rapid.String().Draw(t, "filters")
		value := rapid.OneOf(
			rapid.Map(rapid.String(), func(s string) any { return s }),
			rapid.Map(rapid.Int64(), func(n int64) any { return n }),
			rapid.Map(rapid.Int64Range(0, 1<<33), func(n int64) any { return time.Unix(n, 123456000).UTC() }),
		).Draw(t, "value")
		position := page.Position{Value: value, ID: rapid.String().Draw(t, "id")}

		read, err := page.Decode(position.Encode(sort, filters), sort, filters)
		require.NoError(t, err)
		assert.Equal(t, &position, read)

		_, err = page.Decode(position.Encode(sort, filters), sort+"x", filters)
		require.ErrorIs(t, err, problem.InvalidCursor)
	})
}

func TestTextThatIsNoCursorIsRefused(t *testing.T) {
	encoded := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	good := page.Position{Value: int64(1), ID: "x"}.Encode("", "")
	for _, text := range []string{"?", "nonsense", encoded("[]"), encoded(`{"s":"x"}`), good + "A", good[:len(good)-2]} {
		_, err := page.Decode(text, "", "")
		require.ErrorIs(t, err, problem.InvalidCursor, text)
	}
}

func TestAValueThatIsNotOfItsTypeIsRefused(t *testing.T) {
	good, err := base64.RawURLEncoding.DecodeString(page.Position{Value: int64(1)}.Encode("", ""))
	require.NoError(t, err)
	for _, broken := range []string{
		`"t":"i","v":"x"`, `"t":"t","v":"x"`, `"t":"z","v":"x"`,
		// Times that MySQL does not take.
		`"t":"t","v":"0000-12-31T23:59:59Z"`, `"t":"t","v":"0001-01-01T00:00:00Z"`, `"t":"t","v":"0001-01-01T00:00:00+00:01"`,
		`"t":"t","v":"9999-12-31T23:59:59-00:01"`, `"t":"t","v":"9999-12-31T23:59:59.9999995Z"`,
	} {
		text := strings.Replace(string(good), `"t":"i","v":"1"`, broken, 1)
		require.NotEqual(t, string(good), text)
		_, err := page.Decode(base64.RawURLEncoding.EncodeToString([]byte(text)), "", "")
		require.ErrorIs(t, err, problem.InvalidCursor, text)
	}
}

func TestAPageIsCutOffAtTheLimit(t *testing.T) {
	at := func(n *int) page.Position { return page.Position{Value: int64(*n)} }
	assert.Equal(t, page.Page[int]{Items: []int{1, 2}, Next: &page.Position{Value: int64(2)}}, page.Cut([]int{1, 2, 3}, 2, at))
	assert.Equal(t, page.Page[int]{Items: []int{1, 2}}, page.Cut([]int{1, 2}, 2, at))
	assert.Equal(t, page.Page[int]{}, page.Cut[int](nil, 2, at))
}

func TestTheDirectionIsPartOfTheSortOrder(t *testing.T) {
	down := page.Request{Limit: 5, Sort: "-price", After: &page.Position{Value: int64(7), ID: "x"}}
	assert.Equal(t, "price", down.Column())
	keyset := down.Keyset("price_cents")
	assert.True(t, keyset.Desc)
	assert.Equal(t, "price_cents", keyset.Column)
	assert.Equal(t, int64(7), keyset.Value)
	assert.False(t, page.Request{Sort: "price"}.Keyset("price_cents").Desc)
}
