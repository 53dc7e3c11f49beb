package httpapi_test

import (
	"net/http"
	"regexp"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/test/testkit"
)

func TestAModulesPageRunsItsOwnFilesAndNothingElse(t *testing.T) {
	api := newAPI(t, nil)
	api.Page("/board", fstest.MapFS{
		"index.html": {Data: []byte(`<script src="{{asset "board.js"}}"></script>`)},
		"board.js":   {Data: []byte("draw()")},
	})
	client := testkit.Through(t, api)
	page := client.Get("/board").Must(http.StatusOK)
	assert.Equal(t, "text/html; charset=utf-8", page.Header.Get("Content-Type"))
	assert.Contains(t, page.Header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'; style-src 'self'")
	script := regexp.MustCompile(`src="(/board/assets/board\.js\?v=[0-9a-f]{12})"`).FindStringSubmatch(page.Body)
	require.Len(t, script, 2, page.Body)
	answer := client.Get(script[1]).Must(http.StatusOK)
	assert.Equal(t, "draw()", answer.Body)
	assert.Contains(t, answer.Header.Get("Content-Type"), "javascript")
	assert.Contains(t, answer.Header.Get("Cache-Control"), "immutable")
	client.Get("/board/assets/index.html").Must(http.StatusNotFound)
	client.Get("/board/assets/other.js").Must(http.StatusNotFound)
}

func TestAFolderThatIsNoPageStopsTheProgram(t *testing.T) {
	assert.Panics(t, func() { newAPI(t, nil).Page("/board", fstest.MapFS{}) })
}
