//go:build linux

package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

// blockSize bounds what is compressed at once.
const blockSize = 1 << 20

// hello is what a client asks first, to learn at which version of the protocol it is to read all later answers.
const hello = "SELECT displayName(), version(), revision(), timezone()"

// decode is the body of a request as it was before it was compressed.
func decode(r *http.Request) (io.Reader, error) {
	switch coding := r.Header.Get("Content-Encoding"); {
	case coding == "gzip":
		return gzip.NewReader(r.Body)
	case coding != "":
		return nil, fmt.Errorf("the coding %s is not known here", coding)
	case r.URL.Query().Get("decompress") == "1":
		return compress.NewReader(r.Body), nil
	default:
		return r.Body, nil
	}
}

// encode writes an answer, compressed as the client asked for it.
func encode(w http.ResponseWriter, r *http.Request, answer []byte) error {
	parameters := r.URL.Query()
	switch {
	case len(answer) == 0:
		return nil
	case parameters.Get("compress") == "1":
		method := compress.LZ4
		if strings.EqualFold(parameters.Get("network_compression_method"), "zstd") {
			method = compress.ZSTD
		}
		return compressed(w, method, answer)
	case strings.Contains(r.Header.Get("Accept-Encoding"), "gzip"):
		w.Header().Set("Content-Encoding", "gzip")
		zipped := gzip.NewWriter(w)
		if _, err := zipped.Write(answer); err != nil {
			return err
		}
		return zipped.Close()
	default:
		_, err := w.Write(answer)
		return err
	}
}

func compressed(w io.Writer, method compress.Method, answer []byte) error {
	writer := compress.NewWriter(0, method)
	for len(answer) > 0 {
		n := min(len(answer), blockSize)
		if err := writer.Compress(answer[:n]); err != nil {
			return err
		}
		if _, err := w.Write(writer.Data); err != nil {
			return err
		}
		answer = answer[n:]
	}
	return nil
}

// greeting makes of the answer to hello, as the engine gives it at revision 0, one that a client reads at its own
// version; and in it says revision 0, so that the client reads all later answers as the engine gives them.
func greeting(blocks []byte, protocol string) ([]byte, error) {
	version, err := strconv.ParseUint(protocol, 10, 64)
	if err != nil {
		return blocks, nil //nolint:nilerr // a client that names no version reads at revision 0
	}
	said := proto.NewBlock()
	if err := said.Decode(chproto.NewReader(bytes.NewReader(blocks)), 0); err != nil {
		return nil, fmt.Errorf("reading the greeting: %w", err)
	}
	row := make([]any, 0, len(said.Columns))
	answer := proto.NewBlock()
	for _, column := range said.Columns {
		value := column.Row(0, false)
		if column.Name() == "revision()" {
			value = uint32(0)
		}
		row = append(row, value)
		if err := answer.AddColumn(column.Name(), column.Type()); err != nil {
			return nil, fmt.Errorf("writing the greeting: %w", err)
		}
	}
	if err := answer.Append(row...); err != nil {
		return nil, fmt.Errorf("writing the greeting: %w", err)
	}
	var buffer chproto.Buffer
	if err := answer.Encode(&buffer, version); err != nil {
		return nil, fmt.Errorf("writing the greeting: %w", err)
	}
	return buffer.Buf, nil
}
