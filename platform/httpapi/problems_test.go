package httpapi_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/problem"
)

func TestBadRequestsAreAnsweredWithProblemDocuments(t *testing.T) {
	api := newAPI(t, nil)
	for name, test := range map[string]struct {
		request request
		status  int
		code    string
		pointer string
	}{
		"unknown path":       {request{method: "GET", path: "/nowhere"}, 404, "not_found", ""},
		"unknown resource":   {request{method: "GET", path: "/api/v1/nowhere"}, 404, "not_found", ""},
		"trailing slash":     {request{method: "GET", path: "/api/v1/cups/"}, 404, "not_found", ""},
		"wrong method":       {request{method: "DELETE", path: "/api/v1/cups"}, 405, "method_not_allowed", ""},
		"unknown version":    {request{method: "GET", path: "/api/v9/cups"}, 400, "unknown_version", ""},
		"no body":            {request{method: "POST", path: "/api/v1/cups"}, 400, "malformed_body", ""},
		"malformed JSON":     {request{method: "POST", path: "/api/v1/cups", body: `{"name":`}, 400, "malformed_body", ""},
		"trailing data":      {request{method: "POST", path: "/api/v1/cups", body: `{"name":"ab","size":1} x`}, 400, "malformed_body", ""},
		"not an object":      {request{method: "POST", path: "/api/v1/cups", body: `[]`}, 422, "validation_failed", ""},
		"wrong type":         {request{method: "POST", path: "/api/v1/cups", body: `{"name":"ab","size":"1"}`}, 422, "validation_failed", "/size"},
		"fraction":           {request{method: "POST", path: "/api/v1/cups", body: `{"name":"ab","size":1.5}`}, 422, "validation_failed", "/size"},
		"too small":          {request{method: "POST", path: "/api/v1/cups", body: `{"name":"ab","size":0}`}, 422, "validation_failed", "/size"},
		"too long":           {request{method: "POST", path: "/api/v1/cups", body: `{"name":"abcdefghijk","size":1}`}, 422, "validation_failed", "/name"},
		"missing":            {request{method: "POST", path: "/api/v1/cups", body: `{"size":1}`}, 422, "validation_failed", ""},
		"null":               {request{method: "POST", path: "/api/v1/cups", body: `{"name":null,"size":1}`}, 422, "validation_failed", "/name"},
		"unknown field":      {request{method: "POST", path: "/api/v1/cups", body: `{"name":"ab","size":1,"colour":"red"}`}, 422, "validation_failed", "/colour"},
		"in a list":          {request{method: "POST", path: "/api/v1/cups", body: `{"name":"ab","size":1,"tags":["a",2]}`}, 422, "validation_failed", "/tags/1"},
		"unknown parameter":  {request{method: "GET", path: "/api/v1/teapot?x=1"}, 422, "validation_failed", "/x"},
		"another case":       {request{method: "POST", path: "/api/v1/cups", body: `{"Name":"ab","size":1}`}, 422, "validation_failed", ""},
		"a number as 1.0":    {request{method: "POST", path: "/api/v1/cups", body: `{"name":"ab","size":1.0}`}, 422, "validation_failed", ""},
		"malformed query":    {request{method: "GET", path: "/api/v1/teapot?q=%zz"}, 400, "bad_request", ""},
		"a repeated query":   {request{method: "GET", path: "/api/v1/teapot?q=1&q=2"}, 400, "bad_request", "/q"},
		"a query in Latin-1": {request{method: "GET", path: "/api/v1/teapot?q=caf%e9"}, 400, "bad_request", "/q"},
		"a name in Latin-1":  {request{method: "GET", path: "/api/v1/teapot?caf%e9=1"}, 400, "bad_request", ""},
		"over-long body":     {request{method: "POST", path: "/api/v1/cups", body: `{"name":"` + strings.Repeat("a", 5000) + `"}`}, 413, "payload_too_large", ""},
		"wrong content type": {request{method: "POST", path: "/api/v1/cups", body: `x=1`, header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}, 415, "unsupported_media_type", ""},
		"a domain's problem": {request{method: "GET", path: "/api/v1/teapot"}, 418, "teapot", ""},
		"a passed deadline":  {request{method: "GET", path: "/api/v1/slow"}, 504, "timeout", ""},
		"a plain error":      {request{method: "GET", path: "/api/v1/fail"}, 500, "internal", ""},
		"a panic":            {request{method: "GET", path: "/api/v1/panic"}, 500, "internal", ""},
	} {
		t.Run(name, func(t *testing.T) {
			answer := send(t, api, test.request)
			doc := document(t, answer)
			assert.Equal(t, test.status, answer.StatusCode)
			assert.Equal(t, test.code, doc.Code)
			if test.pointer != "" {
				require.NotEmpty(t, doc.Errors)
				assert.Equal(t, test.pointer, doc.Errors[0].Pointer)
				assert.NotEmpty(t, doc.Errors[0].Detail)
			}
		})
	}
}

func TestEveryBrokenRuleIsNamedAtOnce(t *testing.T) {
	answer := send(t, newAPI(t, nil), request{method: "POST", path: "/api/v1/cups", body: `{"name":"a","size":99,"x":1}`})
	doc := document(t, answer)
	assert.Len(t, doc.Errors, 3)
}

func TestInternalErrorsKeepTheirTextForTheLog(t *testing.T) {
	for _, path := range []string{"/api/v1/fail", "/api/v1/panic"} {
		t.Run(path, func(t *testing.T) {
			var logged bytes.Buffer
			api := newAPI(t, func(s *settings) { s.log = &logged })
			body := text(t, get(t, api, path))
			assert.NotContains(t, body, "secret")
			assert.Contains(t, logged.String(), "the secret is 42")
			assert.Contains(t, logged.String(), "httpapi_test.register", "the stack says where it happened")
			assert.Equal(t, 1, strings.Count(logged.String(), "request failed"), "logged once")
		})
	}
}

func TestAClientsMistakeLogsNoStack(t *testing.T) {
	var logged bytes.Buffer
	api := newAPI(t, func(s *settings) { s.log = &logged })
	get(t, api, "/api/v1/teapot")
	assert.NotContains(t, logged.String(), "goroutine")
	assert.Contains(t, logged.String(), `"problem":"teapot"`)
	assert.NotContains(t, logged.String(), `"level":"error"`)
}

func TestMethodNotAllowedListsTheAllowedOnes(t *testing.T) {
	answer := send(t, newAPI(t, nil), request{method: http.MethodDelete, path: "/api/v1/cups"})
	assert.Equal(t, "POST, OPTIONS", answer.Header.Get("Allow"))
	answer = send(t, newAPI(t, nil), request{method: http.MethodDelete, path: "/api/v1/teapot"})
	assert.Equal(t, "GET, HEAD, OPTIONS", answer.Header.Get("Allow"))
}

func TestOptionsTellsTheMethodsOfAPath(t *testing.T) {
	answer := send(t, newAPI(t, nil), request{method: http.MethodOptions, path: "/api/v1/teapot"})
	assert.Equal(t, http.StatusNoContent, answer.StatusCode)
	assert.Equal(t, "GET, HEAD, OPTIONS", answer.Header.Get("Allow"))
}

func TestNoProblemIsKeptByCaches(t *testing.T) {
	for _, path := range []string{"/nothing", "/api/v1/teapot", "/api/v1/panic", "/api/v9/teapot"} {
		assert.Equal(t, "no-store", get(t, newAPI(t, nil), path).Header.Get("Cache-Control"), path)
	}
}

func TestABodyOfExactlyTheLimitIsRead(t *testing.T) {
	body := `{"name":"ab","size":1}`
	body += strings.Repeat(" ", 4096-len(body))
	answer := send(t, newAPI(t, nil), request{method: "POST", path: "/api/v1/cups", body: body})
	assert.Equal(t, http.StatusCreated, answer.StatusCode)
}

func TestTheTypeOfAProblemIsAPageAboutIt(t *testing.T) {
	api := newAPI(t, nil)
	page := get(t, api, "/problems/teapot")
	assert.Equal(t, http.StatusOK, page.StatusCode)
	assert.Contains(t, text(t, page), "It will not brew coffee.")
	assert.Contains(t, text(t, get(t, api, "/problems")), `href="/problems/teapot"`)
	assert.Equal(t, problem.NotFound.Code, document(t, get(t, api, "/problems/nonsense")).Code)
}

func TestDefaultsAreForAbsentMembersOnly(t *testing.T) {
	api := newAPI(t, nil)
	made := decode[map[string]any](t, send(t, api, request{method: "POST", path: "/api/v1/cups", body: `{"name":"ab","size":1}`}))
	assert.Equal(t, true, made["hot"])
	made = decode[map[string]any](t, send(t, api, request{method: "POST", path: "/api/v1/cups", body: `{"name":"ab","size":1,"hot":false}`}))
	assert.Equal(t, false, made["hot"])
}
