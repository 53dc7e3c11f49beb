package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/platform/problem"
)

func operation(id, method, path string) httpapi.Operation {
	return httpapi.Operation{ID: id, Method: method, Path: path, Tag: "Cups", Policy: auth.Public, Summary: id}
}

func TestAPreconditionComparesVersions(t *testing.T) {
	for header, want := range map[string]error{
		"":            problem.PreconditionRequired,
		`"3"`:         nil,
		`"2", "3"`:    nil,
		"*":           nil,
		`"2"`:         problem.PreconditionFailed,
		`W/"3"`:       problem.PreconditionFailed,
		"3":           problem.PreconditionFailed,
		`"3" and "4"`: problem.PreconditionFailed,
	} {
		err := httpapi.Precondition{IfMatch: header}.Check(3)
		if want == nil {
			require.NoError(t, err, header)
		} else {
			require.ErrorIs(t, err, want, header)
		}
	}
}

func TestAConditionalReadComparesWeakly(t *testing.T) {
	assert.True(t, httpapi.Conditional{IfNoneMatch: `W/"3"`}.Unchanged(3))
	assert.False(t, httpapi.Conditional{IfNoneMatch: `"2"`}.Unchanged(3))
	assert.False(t, httpapi.Conditional{}.Unchanged(3))
}

type numbersInput struct {
	httpapi.PageInput
	Even httpapi.Optional[bool] `query:"even"`
}

func TestAListLinksToItsNextPage(t *testing.T) {
	api := newAPI(t, nil)
	httpapi.Handle(api.V(1), operation("numbers", http.MethodGet, "/numbers"),
		func(_ context.Context, in *numbersInput) (*httpapi.ListOutput[string], error) {
			wanted, err := in.Page("n", fmt.Sprint(in.Even))
			if err != nil {
				return nil, err
			}
			var rows []int64
			for n := int64(0); n < 5; n++ {
				if wanted.After == nil || n > wanted.After.Value.(int64) {
					rows = append(rows, n)
				}
			}
			found := page.Cut(rows, wanted.Limit, func(n *int64) page.Position { return page.Position{Value: *n, ID: "x"} })
			return httpapi.NewList(&in.PageInput, "n", fmt.Sprint(in.Even), found, func(n *int64) string { return fmt.Sprint(*n) }), nil
		})

	first := get(t, api, "/api/v1/numbers?limit=3&even=true")
	list := decode[httpapi.List[string]](t, first)
	assert.Equal(t, []string{"0", "1", "2"}, list.Items)
	assert.Equal(t, []string{
		`</docs>; rel="deprecation"; type="text/html"`,
		`</api/v2/numbers>; rel="successor-version"`,
		`</api/v1/numbers?cursor=` + list.NextCursor + `&even=true&limit=3>; rel="next"`,
	}, first.Header.Values("Link"))

	last := get(t, api, "/api/v1/numbers?limit=3&even=true&cursor="+list.NextCursor)
	assert.JSONEq(t, `{"items":["3","4"]}`, text(t, last))

	other := get(t, api, "/api/v1/numbers?limit=3&cursor="+list.NextCursor)
	assert.Equal(t, "invalid_cursor", document(t, other).Code, "a cursor belongs to its filters")
}

func TestAnEmptyListIsNotNull(t *testing.T) {
	in := &httpapi.PageInput{}
	out := httpapi.NewList(in, "", "", page.Page[int]{}, func(*int) int { return 0 })
	assert.NotNil(t, out.Body.Items)
}

func TestAnInputMustNotEmbedWhatCannotBeSet(t *testing.T) {
	type hidden struct {
		Limit int `query:"limit"`
	}
	type input struct{ hidden }
	api := newAPI(t, nil)
	assert.PanicsWithValue(t,
		"httpapi: httpapi_test.input embeds httpapi_test.hidden, which must be exported for its fields to be read",
		func() {
			httpapi.Handle(api.V(1), operation("x", http.MethodGet, "/x"),
				func(context.Context, *input) (*struct{}, error) { return nil, nil })
		})
}

func TestAVersionThatDoesNotExistIsAMistakeInTheProgram(t *testing.T) {
	assert.PanicsWithValue(t, "httpapi: there is no version v3", func() { newAPI(t, nil).V(3) })
}

type patchInput struct {
	Body httpapi.MergePatch[cup] `contentType:"application/merge-patch+json"`
}

func TestAMergePatchIsAppliedAndValidated(t *testing.T) {
	api := newAPI(t, nil)
	cold := false
	httpapi.Handle(api.V(1), operation("patch", http.MethodPatch, "/cups"),
		func(_ context.Context, in *patchInput) (*cupOutput, error) {
			patched, err := in.Body.Apply(cup{Name: "mug", Size: 3, Hot: &cold, Tags: []string{"a"}, Maker: "me"})
			return &cupOutput{Status: http.StatusOK, Body: &patched}, err
		})
	for body, want := range map[string]string{
		`{}`:                      `{"name":"mug","size":3,"hot":false,"tags":["a"],"maker":"me"}`,
		`{"size":4,"tags":["b"]}`: `{"name":"mug","size":4,"hot":false,"tags":["b"],"maker":"me"}`,
		`{"hot":null}`:            `{"name":"mug","size":3,"hot":null,"tags":["a"],"maker":"me"}`,
	} {
		answer := send(t, api, request{method: "PATCH", path: "/api/v1/cups", body: body})
		assert.JSONEq(t, want, text(t, answer), body)
	}
	for body, pointer := range map[string]string{`{"size":99}`: "/size", `{"size":"4"}`: "/size", `{"x":1}`: "/x", `{"name":null}`: ""} {
		doc := document(t, send(t, api, request{method: "PATCH", path: "/api/v1/cups", body: body}))
		require.Len(t, doc.Errors, 1, body)
		assert.Equal(t, pointer, doc.Errors[0].Pointer, body)
	}
}

// saucer is an object in another.
type saucer struct {
	Width int `json:"width" minimum:"1"`
}

type coffee struct {
	Under saucer  `json:"under"`
	Spare *saucer `json:"spare,omitempty" required:"false"`
}

type coffeeOutput struct{ Body coffee }

func TestNullInAMergePatchTakesAwayAnObjectThatMayBeAbsent(t *testing.T) {
	api := newAPI(t, nil)
	httpapi.Handle(api.V(1), operation("patch", http.MethodPatch, "/coffees"),
		func(_ context.Context, in *struct {
			Body httpapi.MergePatch[coffee] `contentType:"application/merge-patch+json"`
		}) (*coffeeOutput, error) {
			patched, err := in.Body.Apply(coffee{Under: saucer{1}, Spare: &saucer{2}})
			return &coffeeOutput{patched}, err
		})
	for body, want := range map[string]string{
		`{"spare":null}`: `{"under":{"width":1}}`,
		`{"spare":{}}`:   `{"under":{"width":1},"spare":{"width":2}}`,
		`{"spare":{"width":3},"under":{"width":4}}`: `{"under":{"width":4},"spare":{"width":3}}`,
	} {
		assert.JSONEq(t, want, text(t, send(t, api, request{method: "PATCH", path: "/api/v1/coffees", body: body})), body)
	}
	for _, body := range []string{`{"under":null}`, `{"spare":{"width":0}}`, `{"spare":{"width":null}}`, `{"spare":1}`} {
		answer := send(t, api, request{method: "PATCH", path: "/api/v1/coffees", body: body})
		assert.Equal(t, http.StatusUnprocessableEntity, answer.StatusCode, body)
	}
}

type uploadInput struct{ httpapi.Upload }

type sizeOutput struct{ Body struct{ Bytes int64 } }

// serveStreams is a real server: streams need a connection.
func serveStreams(t *testing.T) *httptest.Server {
	t.Helper()
	api := newAPI(t, nil)
	upload := operation("upload", http.MethodPost, "/upload")
	upload.Consumes, upload.MaxBody = "text/csv", 1000
	httpapi.Handle(api.V(1), upload, func(_ context.Context, in *uploadInput) (*sizeOutput, error) {
		n, err := io.Copy(io.Discard, in.Stream)
		return &sizeOutput{Body: struct{ Bytes int64 }{n}}, err
	})
	download := operation("download", http.MethodGet, "/download/{bytes}")
	download.Produces = "text/csv"
	httpapi.Handle(api.V(1), download, func(_ context.Context, in *struct {
		Bytes int `path:"bytes"`
	}) (*httpapi.Download, error) {
		return httpapi.Stream("text/csv", "a b.csv", func(_ context.Context, w io.Writer) error {
			_, err := io.Copy(w, io.LimitReader(zeros{}, int64(in.Bytes)))
			return errors.Join(err, errors.New("the disk is gone"))
		}), nil
	})
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return server
}

func TestAnUploadIsReadAsAStreamUpToItsOwnLimit(t *testing.T) {
	server := serveStreams(t)
	post := func(contentType string, size int) *http.Response {
		answer, err := http.Post(server.URL+"/api/v1/upload", contentType, io.LimitReader(zeros{}, int64(size)))
		require.NoError(t, err)
		t.Cleanup(func() { _ = answer.Body.Close() })
		return answer
	}
	assert.JSONEq(t, `{"Bytes":1000}`, text(t, post("text/csv; charset=utf-8", 1000)))
	assert.Equal(t, "payload_too_large", document(t, post("text/csv", 1001)).Code)
	assert.Equal(t, "unsupported_media_type", document(t, post("text/plain", 1)).Code)
}

func TestABodyThatBreaksOffIsTheClientsMistake(t *testing.T) {
	for _, path := range []string{"/api/v1/upload", "/api/v1/cups"} {
		connection, err := net.Dial("tcp", serveStreams(t).Listener.Addr().String())
		require.NoError(t, err)
		contentType := map[string]string{"/api/v1/upload": "text/csv", "/api/v1/cups": "application/json"}[path]
		_, err = fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", path, contentType)
		require.NoError(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
		require.NoError(t, err)
		assert.Equal(t, "bad_request", document(t, answer).Code, path)
		require.NoError(t, connection.Close())
	}
}

func TestHeadOfADownloadHasItsHeadersAndDoesNotRunIt(t *testing.T) {
	answer, err := http.Head(serveStreams(t).URL + "/api/v1/download/0")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	assert.Equal(t, http.StatusOK, answer.StatusCode)
	assert.Equal(t, `attachment; filename="a b.csv"`, answer.Header.Get("Content-Disposition"))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestADownloadThatFailsBeforeItBeginsIsAProblem(t *testing.T) {
	answer, err := http.Get(serveStreams(t).URL + "/api/v1/download/0")
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	assert.Equal(t, "internal", document(t, answer).Code)
	assert.Empty(t, answer.Header.Get("Content-Disposition"))
	assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
}

func TestAStreamThatCannotBeginSaysWhenToComeAgain(t *testing.T) {
	api := newAPI(t, nil)
	busy := problem.Unavailable.New("there is no paper").After(2 * time.Second)
	download, watch := operation("print", http.MethodGet, "/print"), operation("watch", http.MethodGet, "/watch")
	download.Produces, watch.Produces = "text/csv", httpapi.EventsType
	httpapi.Handle(api.V(1), download, func(context.Context, *struct{}) (*httpapi.Download, error) {
		return httpapi.Stream("text/csv", "x.csv", func(context.Context, io.Writer) error { return busy }), nil
	})
	httpapi.Handle(api.V(1), watch, func(context.Context, *struct{}) (*httpapi.Events, error) {
		return httpapi.Watch(func(context.Context, *httpapi.EventStream) error { return busy }), nil
	})
	for _, path := range []string{"/api/v1/print", "/api/v1/watch"} {
		answer := get(t, api, path)
		assert.Equal(t, "2", answer.Header.Get("Retry-After"), path)
		assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"), path)
		assert.Equal(t, http.StatusServiceUnavailable, document(t, answer).Status, path)
	}
}

func TestAClientThatHangsUpIsNotOurFailure(t *testing.T) {
	var logged bytes.Buffer
	api := newAPI(t, func(s *settings) { s.log = &logged })
	httpapi.Handle(api.V(1), httpapi.Operation{ID: "endless", Method: http.MethodGet, Path: "/endless", Tag: "Cups", Policy: auth.Public, Summary: "x", Produces: "text/csv"},
		func(context.Context, *struct{}) (*httpapi.Download, error) {
			return httpapi.Stream("text/csv", "x", func(_ context.Context, w io.Writer) error {
				_, err := io.Copy(w, zeros{})
				return err
			}), nil
		})
	server := httptest.NewServer(api)
	connection, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	_, err = fmt.Fprint(connection, "GET /api/v1/endless HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	_, err = io.CopyN(io.Discard, connection, 1<<20)
	require.NoError(t, err)
	require.NoError(t, connection.Close())
	server.Close()
	assert.NotContains(t, logged.String(), `"level":"error"`)
	assert.Contains(t, logged.String(), `"problem":"client_closed_request"`)
}

func TestADownloadThatFailsHalfWayIsCutOff(t *testing.T) {
	answer, err := http.Get(serveStreams(t).URL + "/api/v1/download/100000")
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	assert.Equal(t, `attachment; filename="a b.csv"`, answer.Header.Get("Content-Disposition"))
	_, err = io.ReadAll(answer.Body)
	assert.Error(t, err, "the client must see that it did not get everything")
}
