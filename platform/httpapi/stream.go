package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/trellis-go/trellis/platform/problem"
)

// Upload is embedded in the input of an operation that reads its body as a stream; Operation.Consumes names the media
// type. The stream ends with an error when the body is over Operation.MaxBody.
type Upload struct {
	Stream io.Reader `json:"-"`
}

// Resolve takes the body from the request. It refuses another media type than the operation consumes.
func (u *Upload) Resolve(hctx huma.Context) []error {
	consumed := hctx.Operation().RequestBody.Content
	sent, _, _ := mime.ParseMediaType(hctx.Header("Content-Type"))
	if _, ok := consumed[sent]; !ok {
		return []error{problem.UnsupportedMediaType.Errorf("the body must be sent as %s",
			strings.Join(slices.Sorted(maps.Keys(consumed)), " or "))}
	}
	u.Stream = clientReader{hctx.BodyReader()}
	return nil
}

// clientReader reads from the client: what fails there is not our failure.
type clientReader struct{ source io.Reader }

func (r clientReader) Read(p []byte) (int, error) {
	n, err := r.source.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = errBody(err)
	}
	return n, err
}

// errBody is the problem of a body that could not be read to its end.
func errBody(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem.RequestTimeout.Because(err)
	default:
		return problem.BadRequest.New("the body broke off before its end").Because(err)
	}
}

// clientWriter writes to the client: what fails there is not our failure.
type clientWriter struct{ target io.Writer }

func (w clientWriter) Write(p []byte) (int, error) {
	n, err := w.target.Write(p)
	if err != nil {
		err = problem.ClientClosed.Because(err)
	}
	return n, err
}

// Download is the output of an operation that writes its answer as a stream.
type Download struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               func(huma.Context)
}

// Stream makes a download that a browser saves under that name; HEAD has the headers, and write is not run. An error before the first byte becomes a problem
// document; one after it cuts the connection, so that the client does not take a part for the whole.
func Stream(contentType, filename string, write func(ctx context.Context, w io.Writer) error) *Download {
	download := &Download{
		ContentType:        contentType,
		ContentDisposition: mime.FormatMediaType("attachment", map[string]string{"filename": filename}),
	}
	download.Body = func(hctx huma.Context) {
		ctx := hctx.Context()
		if exchangeOf(ctx).head {
			return
		}
		err := write(ctx, clientWriter{hctx.BodyWriter()})
		if err == nil {
			return
		}
		if !exchangeOf(ctx).answer.begun() {
			hctx.SetHeader("Content-Disposition", "")
			answerProblem(hctx, err)
			return
		}
		_ = report(ctx, fmt.Errorf("stream %s: %w", filename, err))
		panic(http.ErrAbortHandler)
	}
	return download
}
