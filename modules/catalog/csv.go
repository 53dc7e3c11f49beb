package catalog

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// csvColumns are the columns of an export, in order. An import reads those it writes, in any order, and ignores those
// that only the server sets, so that an export can be imported again.
var (
	csvColumns = []string{
		"id", "sku", "name", "description", "price_cents", "currency", "active", "categories", "version", "created_at",
		"updated_at",
	}
	csvRequired = []string{"sku", "name", "price_cents", "currency"}
)

const (
	csvListSeparator = "|"
	csvMaxRecord     = 1 << 20 // bytes: no valid product comes near it
)

// RowError is a row of a CSV file that was not imported.
type RowError struct {
	Line   int    // in the file, from 1
	Column string // by its header; "" when the whole row is meant
	Rule   string // that was broken
}

// row is a product as a line of CSV describes it.
type row struct {
	line    int
	draft   Draft
	columns []string // that the file has
}

func (r row) has(column string) bool { return slices.Contains(r.columns, column) }

// size is how long the row's texts are, in bytes.
func (r row) size() int {
	size := len(r.draft.SKU) + len(r.draft.Name) + len(r.draft.Description)
	for _, name := range r.draft.Categories {
		size += len(name)
	}
	return size
}

// over is the row's draft with what the file has no column for taken from what the product is now.
func (r row) over(current Draft) Draft {
	draft := r.draft
	if !r.has("description") {
		draft.Description = current.Description
	}
	if !r.has("active") {
		draft.Active = current.Active
	}
	if !r.has("categories") {
		draft.Categories = current.Categories
	}
	return draft
}

// csvReader reads products from CSV. It holds one record at a time.
type csvReader struct {
	csv     *csv.Reader
	bound   *recordBound
	columns []string
}

// newCSVReader reads the header. The error is a *RowError when there is something wrong with it.
func newCSVReader(source io.Reader) (*csvReader, error) {
	buffered := bufio.NewReader(source)
	if mark, _ := buffered.Peek(3); string(mark) == "\ufeff" {
		_, _ = buffered.Discard(len(mark)) // spreadsheets put a byte order mark first
	}
	r := &csvReader{bound: &recordBound{source: buffered, left: csvMaxRecord}}
	r.csv = csv.NewReader(r.bound)
	r.csv.ReuseRecord = true
	header, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, &RowError{Line: 1, Rule: "must be a header: " + strings.Join(csvColumns, ",")}
	}
	if err != nil {
		return nil, rowErrorOf(err)
	}
	for _, name := range header {
		name = strings.TrimSpace(name)
		if !slices.Contains(csvColumns, name) {
			return nil, &RowError{Line: 1, Column: name, Rule: "is not a column; these are: " + strings.Join(csvColumns, ",")}
		}
		if slices.Contains(r.columns, name) {
			return nil, &RowError{Line: 1, Column: name, Rule: "must not be there twice"}
		}
		r.columns = append(r.columns, name)
	}
	for _, name := range csvRequired {
		if !slices.Contains(r.columns, name) {
			return nil, &RowError{Line: 1, Column: name, Rule: "must be there"}
		}
	}
	return r, nil
}

// Error says where and what.
func (e *RowError) Error() string {
	return fmt.Sprintf("line %d, column %q: %s", e.Line, e.Column, e.Rule)
}

// next reads a row and lists what is wrong with it. The error is io.EOF at the end, another one when reading failed.
func (r *csvReader) next() (row, []RowError, error) {
	r.bound.left = csvMaxRecord
	record, err := r.csv.Read()
	var broken *RowError
	switch err = rowErrorOf(err); {
	case err == nil:
	case errors.Is(err, io.EOF):
		return row{}, nil, io.EOF
	case errors.As(err, &broken):
		return row{line: broken.Line}, []RowError{*broken}, nil
	default:
		return row{}, nil, fmt.Errorf("read the CSV file: %w", err)
	}
	line, _ := r.csv.FieldPos(0)
	draft, wrong := r.draft(record)
	draft = draft.normalize()
	if len(wrong) == 0 {
		wrong = draft.violations()
	}
	errs := make([]RowError, len(wrong))
	for i, v := range wrong {
		errs[i] = RowError{Line: line, Column: v.Field, Rule: v.Rule}
	}
	return row{line: line, draft: draft, columns: r.columns}, errs, nil
}

// draft reads the fields of a record. What is not there has the default that JSON has.
func (r *csvReader) draft(record []string) (Draft, []Violation) {
	draft := Draft{Active: true}
	var wrong []Violation
	for i, name := range r.columns {
		text := strings.Clone(record[i]) // the record is overwritten by the next
		var err error
		switch name {
		case "sku":
			draft.SKU = text
		case "name":
			draft.Name = text
		case "description":
			draft.Description = text
		case "currency":
			draft.Currency = text
		case "categories":
			draft.Categories = splitList(text)
		case "price_cents":
			if draft.PriceCents, err = strconv.ParseInt(text, 10, 64); err != nil {
				wrong = append(wrong, Violation{Field: name, Rule: "must be a whole number of cents"})
			}
		case "active":
			if text == "" {
				continue
			}
			if draft.Active, err = strconv.ParseBool(text); err != nil {
				wrong = append(wrong, Violation{Field: name, Rule: "must be true or false"})
			}
		}
	}
	return draft, wrong
}

func splitList(text string) []string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return strings.Split(text, csvListSeparator)
}

// rowErrorOf finds the row in an error of the CSV reader; other errors stay.
func rowErrorOf(err error) error {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	switch {
	case errors.Is(err, errRecordTooLong):
		return fmt.Errorf("line %d: %w", parse.Line, err)
	case errors.Is(err, csv.ErrQuote) && parse.Line > parse.StartLine:
		return fmt.Errorf("line %d: %w", parse.StartLine, errOpenQuote)
	case errors.Is(err, csv.ErrFieldCount):
		return &RowError{Line: parse.Line, Rule: "must have as many fields as the header"}
	default:
		return &RowError{Line: parse.Line, Rule: fmt.Sprintf("is not well-formed CSV at character %d: %v", parse.Column, parse.Err)}
	}
}

// csvWriter writes products as CSV.
type csvWriter struct {
	csv    *csv.Writer
	record []string
}

func newCSVWriter(w io.Writer) *csvWriter {
	return &csvWriter{csv: csv.NewWriter(w), record: make([]string, 0, len(csvColumns))}
}

func (w *csvWriter) header() error { return w.csv.Write(csvColumns) }

func (w *csvWriter) write(p *Product) error {
	w.record = append(w.record[:0],
		p.ID, p.SKU, p.Name, p.Description, strconv.FormatInt(p.PriceCents, 10), p.Currency,
		strconv.FormatBool(p.Active), strings.Join(p.categoryNames(), csvListSeparator),
		strconv.FormatInt(p.Version, 10), p.CreatedAt.Format(time.RFC3339Nano), p.UpdatedAt.Format(time.RFC3339Nano),
	)
	return w.csv.Write(w.record)
}

func (w *csvWriter) flush() error {
	w.csv.Flush()
	return w.csv.Error()
}

var (
	errRecordTooLong = errors.New("a row is longer than 1 MiB")
	// errOpenQuote makes the file unreadable: nobody knows how many rows the field has swallowed.
	errOpenQuote = errors.New("a quote is opened and not closed within its row")
)

// recordBound stops the CSV reader from holding a record of any length.
type recordBound struct {
	source io.Reader
	left   int
}

func (b *recordBound) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errRecordTooLong
	}
	n, err := b.source.Read(p)
	b.left -= n
	return n, err
}
