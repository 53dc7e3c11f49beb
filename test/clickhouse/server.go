//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// handler is the HTTP interface.
type handler struct{ engine *engine }

// exceptionCode finds the number of an error of the engine.
var exceptionCode = regexp.MustCompile(`^Code: (\d+)\.`)

// ServeHTTP runs one statement: that of the parameter query followed by the body, or where the parameter is an insert, with
// the body as its rows.
func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ping" {
		fmt.Fprintln(w, "Ok.")
		return
	}
	answer, err := h.answer(r)
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if err := encode(w, r, answer); err != nil {
		panic(http.ErrAbortHandler) // the client must not take what it got for all there is
	}
}

func (h handler) answer(r *http.Request) ([]byte, error) {
	body, err := decode(r)
	if err != nil {
		return nil, err
	}
	session, err := h.engine.session()
	if err != nil {
		return nil, err
	}
	defer session.close()
	request := readRequest(r.URL.Query())
	for _, set := range request.setUp() {
		if _, err := session.query(set); err != nil {
			return nil, err
		}
	}
	if insert, rows := request.insert(); rows {
		return nil, session.insert(insert, body)
	}
	rest, err := io.ReadAll(body)
	if err != nil {
		return nil, fmt.Errorf("reading the statement: %w", err)
	}
	request.text = strings.TrimSpace(request.text + "\n" + string(rest))
	blocks, err := session.query(request.statement)
	if err == nil && request.text == hello {
		return greeting(blocks, request.protocol)
	}
	return blocks, err
}

// fail answers with an error of the engine, or with one of the request.
func fail(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	var thrown exception
	if errors.As(err, &thrown) {
		status = http.StatusInternalServerError
		if code := exceptionCode.FindStringSubmatch(string(thrown)); code != nil {
			w.Header().Set("X-ClickHouse-Exception-Code", code[1])
		}
	}
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	w.WriteHeader(status)
	fmt.Fprintln(w, err)
}

// request is what the parameters of the URL ask for.
type request struct {
	statement
	database string
	protocol string // the version at which the client reads the greeting
	settings map[string]string
}

// notSettings are parameters that say nothing to the engine.
var notSettings = []string{
	"compress", "decompress", "default_format", "user", "password", "query_id", "quota_key", "session_id", "session_timeout",
}

func readRequest(parameters url.Values) request {
	read := request{settings: map[string]string{}}
	for name, values := range parameters {
		value := values[len(values)-1]
		parameter, isParameter := strings.CutPrefix(name, "param_")
		switch {
		case isParameter:
			read.names, read.values = append(read.names, parameter), append(read.values, value)
		case name == "query":
			read.text = value
		case name == "database":
			read.database = value
		case name == "client_protocol_version":
			read.protocol = value
		case !slices.Contains(notSettings, name):
			read.settings[name] = value
		}
	}
	return read
}

// quote makes a literal of a text.
func quote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// setUp is what makes a session the one that was asked for.
func (r request) setUp() []statement {
	var all []statement
	if r.database != "" {
		all = append(all, statement{text: "USE `" + strings.NewReplacer("`", "``", `\`, `\\`).Replace(r.database) + "`"})
	}
	for _, name := range slices.Sorted(maps.Keys(r.settings)) {
		all = append(all, statement{text: "SET " + name + " = " + quote(r.settings[name])})
	}
	return all
}

// insertNative is an insert whose rows are in the body.
var insertNative = regexp.MustCompile(`(?is)^(\s*INSERT\s.*?)\s+FORMAT\s+Native\s*;?\s*$`)

func (r request) insert() (statement, bool) {
	found := insertNative.FindStringSubmatch(r.text)
	if found == nil {
		return statement{}, false
	}
	insert := r.statement
	insert.text = found[1]
	return insert, true
}
