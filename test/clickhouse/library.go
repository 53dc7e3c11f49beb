//go:build linux

package main

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is what is used of libchdb. A pointer that is nil in C is nil here.
type library struct {
	setSignalHandlers func(enabled int32)
	connect           func(argc int32, argv unsafe.Pointer) unsafe.Pointer
	disconnect        func(connection unsafe.Pointer)
	query             call
	result            struct {
		buffer  func(result unsafe.Pointer) unsafe.Pointer
		length  func(result unsafe.Pointer) uintptr
		error   func(result unsafe.Pointer) string
		destroy func(result unsafe.Pointer)
	}
	insert struct {
		begin   call
		append  func(stream unsafe.Pointer, data unsafe.Pointer, length uintptr) int32
		error   func(stream unsafe.Pointer) string
		done    func(stream unsafe.Pointer) unsafe.Pointer
		destroy func(stream unsafe.Pointer)
	}
}

// call is the form of every function that takes a statement: its text, the format of what comes in or goes out, and the
// names and values of its parameters; each text with its length.
type call func(connection, text unsafe.Pointer, textLen uintptr, format unsafe.Pointer, formatLen uintptr,
	names, nameLens, values, valueLens unsafe.Pointer, count uintptr) unsafe.Pointer

// load opens the library. There can be only one in a process.
func load(file string) (lib *library, err error) {
	handle, err := purego.Dlopen(file, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("loading the engine: %w", err)
	}
	lib = &library{}
	for name, function := range map[string]any{
		"chdb_set_signal_handlers_enabled": &lib.setSignalHandlers,
		"chdb_connect":                     &lib.connect,
		"chdb_close_conn":                  &lib.disconnect,
		"chdb_query_with_params_n":         &lib.query,
		"chdb_result_buffer":               &lib.result.buffer,
		"chdb_result_length":               &lib.result.length,
		"chdb_result_error":                &lib.result.error,
		"chdb_destroy_query_result":        &lib.result.destroy,
		"chdb_stream_insert_with_params_n": &lib.insert.begin,
		"chdb_stream_append":               &lib.insert.append,
		"chdb_stream_insert_error":         &lib.insert.error,
		"chdb_stream_done":                 &lib.insert.done,
		"chdb_destroy_insert_stream":       &lib.insert.destroy,
	} {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("%s is not the engine that is needed: %w", file, err)
		}
		purego.RegisterFunc(function, symbol)
	}
	return lib, nil
}

// memory keeps Go's memory in its place while C looks at it.
type memory struct{ runtime.Pinner }

// bytes is where data begins: nil when it is empty.
func (m *memory) bytes(data []byte) unsafe.Pointer {
	if len(data) == 0 {
		return nil
	}
	m.Pin(&data[0])
	return unsafe.Pointer(&data[0])
}

// text is a text that ends with a zero byte, as C has it.
func (m *memory) text(s string) unsafe.Pointer { return m.bytes(append([]byte(s), 0)) }

// texts is an array of texts, and one of their lengths.
func (m *memory) texts(all []string) (pointers, lengths unsafe.Pointer) {
	if len(all) == 0 {
		return nil, nil
	}
	at, size := make([]unsafe.Pointer, len(all)), make([]uintptr, len(all))
	for i, s := range all {
		at[i], size[i] = m.text(s), uintptr(len(s))
	}
	m.Pin(&at[0])
	m.Pin(&size[0])
	return unsafe.Pointer(&at[0]), unsafe.Pointer(&size[0])
}
