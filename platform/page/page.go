// Package page cuts long lists into pages by key: a page begins after the last row of the one before, wherever that row
// stands by then, so that the thousandth page costs what the first does and no row is seen twice.
//
// The position after which a page begins travels as an opaque cursor. It is bound to the sort order and the filters it
// was made with.
package page

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/problem"
)

// Request is the page that is wanted.
type Request struct {
	Limit int       // rows, at least 1
	Sort  string    // the order, as the client names it, with a leading - when it descends
	After *Position // nil for the first page
}

// Column is the name of the order without its direction.
func (r Request) Column() string { return strings.TrimPrefix(r.Sort, "-") }

// Keyset is the page as a query has it, ordered by that column.
func (r Request) Keyset(column string) database.Keyset {
	keyset := database.Keyset{Column: column, Desc: strings.HasPrefix(r.Sort, "-"), Limit: r.Limit}
	if r.After != nil {
		keyset.Value, keyset.ID = r.After.Value, r.After.ID
	}
	return keyset
}

// Position is the place of a row in an order: its value in the column that the list is sorted by, and its id, which
// decides between equal values.
type Position struct {
	Value any // a string, an int64 or a time.Time
	ID    string
}

// Page is one page of a list.
type Page[T any] struct {
	Items []T
	Next  *Position // after which the next page begins; nil on the last
}

// Cut makes a page of the rows that were read for it: one more than the limit, if there are so many.
func Cut[T any](rows []T, limit int, position func(*T) Position) Page[T] {
	if len(rows) <= limit {
		return Page[T]{Items: rows}
	}
	next := position(&rows[limit-1])
	return Page[T]{Items: rows[:limit], Next: &next}
}

// cursor is the text form of a position before it is encoded.
type cursor struct {
	Scope string `json:"s"` // what it was made for
	Type  string `json:"t"`
	Value string `json:"v"`
	ID    string `json:"i"`
}

// Encode writes the position as a cursor for lists with the same sort order and filters.
func (p Position) Encode(sort, filters string) string {
	text, _ := json.Marshal(p.cursor(scope(sort, filters))) // strings always marshal
	return base64.RawURLEncoding.EncodeToString(text)
}

func (p Position) cursor(scope string) cursor {
	c := cursor{Scope: scope, ID: p.ID}
	switch value := p.Value.(type) {
	case int64:
		c.Type, c.Value = "i", strconv.FormatInt(value, 10)
	case time.Time:
		c.Type, c.Value = "t", value.UTC().Format(time.RFC3339Nano)
	default:
		c.Type, c.Value = "s", fmt.Sprint(value)
	}
	return c
}

// MarshalJSON keeps the type of the value, which JSON alone would lose.
func (p Position) MarshalJSON() ([]byte, error) { return json.Marshal(p.cursor("")) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Position) UnmarshalJSON(text []byte) error {
	var c cursor
	err := json.Unmarshal(text, &c)
	if err == nil {
		p.Value, err = c.value()
	}
	if err != nil {
		return fmt.Errorf("read a position: %w", err)
	}
	p.ID = c.ID
	return nil
}

// Decode reads a cursor. The error is problem.InvalidCursor when Encode did not write it, or wrote it for another sort
// order or other filters. A client may have put a value of another type into it: who knows the column tells, Keyset.Scope.
func Decode(text, sort, filters string) (*Position, error) {
	var c cursor
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(plain, &c)
	}
	if err != nil {
		return nil, invalid("it was not made by this API", err)
	}
	if c.Scope != scope(sort, filters) {
		return nil, invalid("it belongs to a list with another sort order or other filters", nil)
	}
	value, err := c.value()
	if err != nil {
		return nil, invalid("it was not made by this API", err)
	}
	return &Position{Value: value, ID: c.ID}, nil
}

func (c cursor) value() (any, error) {
	switch c.Type {
	case "i":
		return strconv.ParseInt(c.Value, 10, 64)
	case "t":
		at, err := time.Parse(time.RFC3339Nano, c.Value)
		if err == nil && !storable(at) {
			err = fmt.Errorf("the time %s, which MySQL does not take", c.Value)
		}
		return at, err
	case "s":
		return c.Value, nil
	default:
		return nil, fmt.Errorf("a value of type %q", c.Type)
	}
}

// storable tells whether every engine can be asked about the time. MySQL has years of four digits, rounds to microseconds,
// and refuses the zero time.
func storable(at time.Time) bool {
	year := at.UTC().Round(time.Microsecond).Year()
	return !at.IsZero() && year >= 1 && year <= 9999
}

func invalid(reason string, cause error) error {
	field := problem.Field{In: "query", Pointer: "/cursor", Detail: reason}
	return problem.InvalidCursor.New("the cursor cannot be used: " + reason).With(field).Because(cause)
}

// scope is a short name for a sort order with filters.
func scope(sort, filters string) string {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(sort + "\x00" + filters))
	return strconv.FormatUint(hash.Sum64(), 36)
}
