//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"unsafe"
)

const (
	format    = "Native"
	chunkSize = 256 << 10 // of what is handed to the engine at once
)

// engine is ClickHouse on one folder.
type engine struct {
	lib  *library
	path string
	base unsafe.Pointer // the engine stops with its last connection
}

// exception is an error of the engine: its text begins with Code: N.
type exception string

func (e exception) Error() string { return string(e) }

func openEngine(file, path string) (*engine, error) {
	if file == "" || path == "" {
		return nil, errors.New("--library and --path are needed")
	}
	if err := os.Setenv("TZ", "UTC"); err != nil {
		return nil, err
	}
	lib, err := load(file)
	if err != nil {
		return nil, err
	}
	lib.setSignalHandlers(0) // or it takes those that the Go runtime lives by
	e := &engine{lib: lib, path: path}
	if e.base, err = e.connect(); err != nil {
		return nil, err
	}
	return e, nil
}

// connect makes a connection. A connection has settings and a current database of its own.
func (e *engine) connect() (unsafe.Pointer, error) {
	var mem memory
	defer mem.Unpin()
	args := []string{"clickhouse", "--path=" + e.path, "--implicit_select=0"}
	argv, _ := mem.texts(args)
	connection := e.lib.connect(int32(len(args)), argv)
	if connection == nil {
		return nil, fmt.Errorf("the engine does not start on %s", e.path)
	}
	return connection, nil
}

func (e *engine) close() { e.lib.disconnect(e.base) }

// session is one connection, for one request.
type session struct {
	lib        *library
	connection unsafe.Pointer
}

func (e *engine) session() (*session, error) {
	connection, err := e.connect()
	if err != nil {
		return nil, err
	}
	return &session{e.lib, connection}, nil
}

func (s *session) close() { s.lib.disconnect(s.connection) }

// handle is what the functions take. C hands out where the handle is; a session is closed by that, too.
func (s *session) handle() unsafe.Pointer { return *(*unsafe.Pointer)(s.connection) }

// statement is an SQL statement with its parameters.
type statement struct {
	text          string
	names, values []string
}

// call runs a statement through a function of the library.
func (s *session) call(function call, st statement) unsafe.Pointer {
	var mem memory
	defer mem.Unpin()
	names, nameLens := mem.texts(st.names)
	values, valueLens := mem.texts(st.values)
	return function(s.handle(), mem.text(st.text), uintptr(len(st.text)), mem.text(format), uintptr(len(format)),
		names, nameLens, values, valueLens, uintptr(len(st.names)))
}

// query gives the answer in the Native format.
func (s *session) query(st statement) ([]byte, error) { return s.take(s.call(s.lib.query, st)) }

// take copies a result, and gives it back to the engine.
func (s *session) take(result unsafe.Pointer) ([]byte, error) {
	if result == nil {
		return nil, errors.New("the engine gave no result")
	}
	defer s.lib.result.destroy(result)
	if text := s.lib.result.error(result); text != "" {
		return nil, exception(text)
	}
	length := s.lib.result.length(result)
	if length == 0 {
		return nil, nil
	}
	return bytes.Clone(unsafe.Slice((*byte)(s.lib.result.buffer(result)), length)), nil
}

// insert stores blocks in the Native format. What was not read to the end is not stored.
func (s *session) insert(st statement, blocks io.Reader) error {
	stream := s.call(s.lib.insert.begin, st)
	if stream == nil {
		return errors.New("the engine takes no insert")
	}
	defer s.lib.insert.destroy(stream)
	if text := s.lib.insert.error(stream); text != "" {
		return exception(text)
	}
	chunk := make([]byte, chunkSize)
	for more := true; more; {
		n, err := blocks.Read(chunk)
		if err != nil && !errors.Is(err, io.EOF) { // which some readers wrap
			return fmt.Errorf("reading the rows: %w", err)
		}
		more = err == nil && (n == 0 || s.append(stream, chunk[:n]))
		if err != nil && n > 0 {
			s.append(stream, chunk[:n]) // why it failed is asked below
		}
	}
	if text := s.lib.insert.error(stream); text != "" {
		return exception(text)
	}
	_, err := s.take(s.lib.insert.done(stream))
	return err
}

func (s *session) append(stream unsafe.Pointer, data []byte) bool {
	var mem memory
	defer mem.Unpin()
	return s.lib.insert.append(stream, mem.bytes(data), uintptr(len(data))) == 0
}
