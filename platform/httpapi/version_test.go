package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheVersionIsChosenByPathOrHeader(t *testing.T) {
	api := newAPI(t, nil)
	for name, test := range map[string]struct {
		path   string
		header map[string]string
		served string
	}{
		"path":             {"/api/v1/teapot", nil, "1"},
		"API-Version":      {"/api/teapot", map[string]string{"API-Version": "1"}, "1"},
		"API-Version v1":   {"/api/teapot", map[string]string{"API-Version": "v1"}, "1"},
		"Accept":           {"/api/teapot", map[string]string{"Accept": "application/vnd.trellis.v1+json"}, "1"},
		"the default":      {"/api/teapot", nil, "2"},
		"plain Accept":     {"/api/teapot", map[string]string{"Accept": "application/json"}, "2"},
		"path over header": {"/api/v1/teapot", map[string]string{"API-Version": "2"}, "1"},
		"header over Accept": {"/api/teapot",
			map[string]string{"API-Version": "2", "Accept": "application/vnd.trellis.v1+json"}, "2"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := send(t, api, request{method: http.MethodGet, path: test.path, header: test.header})
			assert.Equal(t, http.StatusTeapot, answer.StatusCode)
			assert.Equal(t, test.served, answer.Header.Get("API-Version"))
		})
	}
}

func TestAnUnknownVersionListsThoseThatAreServed(t *testing.T) {
	api := newAPI(t, nil)
	for _, r := range []request{
		{method: "GET", path: "/api/v3/teapot"},
		{method: "GET", path: "/api/teapot", header: map[string]string{"API-Version": "latest"}},
		{method: "GET", path: "/api/teapot", header: map[string]string{"Accept": "application/vnd.trellis.v9+json"}},
	} {
		doc := document(t, send(t, api, r))
		assert.Equal(t, "unknown_version", doc.Code)
		assert.Contains(t, doc.Detail, "1, 2")
	}
}

func TestADeprecatedVersionSaysSoAndNamesItsSuccessor(t *testing.T) {
	answer := get(t, newAPI(t, nil), "/api/v1/who/a%2Fb")
	assert.Equal(t, "@1793491200", answer.Header.Get("Deprecation"))
	assert.Equal(t, "Mon, 01 Nov 2027 00:00:00 GMT", answer.Header.Get("Sunset"))
	assert.Contains(t, answer.Header.Values("Link"), `</api/v2/who/a%2Fb>; rel="successor-version"`)
}

func TestTheCurrentVersionIsNotDeprecated(t *testing.T) {
	answer := get(t, newAPI(t, nil), "/api/v2/teapot")
	assert.Empty(t, answer.Header.Get("Deprecation"))
}

func TestAnswersThatDependOnAHeaderSaySo(t *testing.T) {
	assert.Contains(t, get(t, newAPI(t, nil), "/api/teapot").Header.Get("Vary"), "API-Version")
}

func TestPathParametersAreUnescapedOnce(t *testing.T) {
	api := newAPI(t, nil)
	for _, path := range []string{"/api/v2/who/a%2Fb%20c", "/api/who/a%2Fb%20c"} {
		assert.Equal(t, "a/b c", decode[map[string]string](t, get(t, api, path))["id"])
	}
}
