// Package spec is what somebody asks the scaffolder for: a module with its fields, as text that people type and files
// keep, and the names that follow from it.
//
//	number:string:unique,customer_id:uuid:index,amount:money,due_at:time?,status:enum(draft,sent,paid)
//
// A field is a name, a type, with ? behind it when it may be absent, and options: unique, or index for what lists are
// filtered and sorted by. Whatever could not become a module that compiles, runs on every engine and has routes of its own
// is refused here, with the reason.
package spec

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"
)

// The types of a field.
const (
	String = "string" // a line of text: string(64) for at most 64 characters
	Text   = "text"   // at most 10000 characters
	Int    = "int"
	Bool   = "bool"
	UUID   = "uuid" // what others' ids are
	Money  = "money"
	Time   = "time"
	Enum   = "enum" // enum(draft,sent,paid)
)

// Types lists the types of a field.
var Types = []string{String, Text, Int, Bool, UUID, Money, Time, Enum}

const (
	unique = "unique"
	index  = "index"

	fallback = "default=" // of a field that was added later: see Field.first
)

const (
	defaultSize = 200
	maxSize     = 700 // MySQL's indexes hold 3072 bytes, at four a character
	maxFields   = 40
	maxValues   = 50
)

// Field is one field of an entity.
type Field struct {
	Name     string   // in JSON: due_at
	Type     string   // one of Types
	Size     int      // of a String, in characters
	Values   []string // of an Enum
	Optional bool     // it may be absent
	Unique   bool     // no two have the same
	Index    bool     // lists can be filtered by it, and sorted where that means something
	Default  string   // what rows have that were there before the field was added
}

// String is the field as ParseFields reads it.
func (f Field) String() string {
	text := f.Name + ":" + f.Type
	switch {
	case f.Type == Enum:
		text += "(" + strings.Join(f.Values, ",") + ")"
	case f.Type == String && f.Size != defaultSize:
		text += "(" + strconv.Itoa(f.Size) + ")"
	}
	if f.Optional {
		text += "?"
	}
	if f.Unique {
		text += ":" + unique
	}
	if f.Index {
		text += ":" + index
	}
	if f.Default != "" {
		text += ":" + fallback + f.Default
	}
	return text
}

// ParseFields reads a list of fields. The error names everything that is wrong with it, field by field.
func ParseFields(text string) ([]Field, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("a module needs at least one field, as name:string")
	}
	parts, err := split(text)
	if err != nil {
		return nil, err
	}
	var fields []Field
	var failed []error
	for i, part := range parts {
		field, err := ParseField(part)
		if err == nil && field.Default != "" {
			err = fmt.Errorf("%q: %w", part, errDefault)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("field %d: %w", i+1, err))
		}
		fields = append(fields, field)
	}
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	return fields, nil
}

// split cuts at the commas that are not in brackets.
func split(text string) ([]string, error) {
	var parts []string
	depth, begin := 0, 0
	for i, letter := range text {
		switch letter {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				parts = append(parts, text[begin:i])
				begin = i + 1
			}
		}
		if depth < 0 || depth > 1 {
			return nil, fmt.Errorf("the brackets of %q do not match", text)
		}
	}
	if depth != 0 {
		return nil, fmt.Errorf("the brackets of %q do not match", text)
	}
	return append(parts, text[begin:]), nil
}

// errDefault is about what is stored in place of a zero that somebody has sent, too.
var errDefault = errors.New("there is no option default: what is sent is stored")

var fieldPattern = regexp.MustCompile(`^([^:?()]*):([^:?()]*)(?:\(([^()]*)\))?(\?)?((?::[^:?()]*)*)$`)

// ParseField reads one field.
func ParseField(text string) (Field, error) {
	text = strings.TrimSpace(text)
	parts := fieldPattern.FindStringSubmatch(text)
	if parts == nil {
		return Field{}, fmt.Errorf("%q is not name:type, name:type? or name:type:option", text)
	}
	field := Field{Name: parts[1], Type: parts[2], Optional: parts[4] != ""}
	if err := field.setArguments(parts[3], strings.Contains(text, "(")); err != nil {
		return field, fmt.Errorf("%q: %w", text, err)
	}
	for option := range strings.SplitSeq(strings.TrimPrefix(parts[5], ":"), ":") {
		if parts[5] == "" {
			break
		}
		if err := field.setOption(option); err != nil {
			return field, fmt.Errorf("%q: %w", text, err)
		}
	}
	if err := field.check(); err != nil {
		return field, fmt.Errorf("%q: %w", text, err)
	}
	return field, nil
}

func (f *Field) setArguments(arguments string, given bool) error {
	switch {
	case !slices.Contains(Types, f.Type):
		return fmt.Errorf("there is no type %q%s: there are %s", f.Type, Nearest(f.Type, Types), strings.Join(Types, ", "))
	case f.Type == Enum:
		f.Values = strings.Split(arguments, ",")
		for i := range f.Values {
			f.Values[i] = strings.TrimSpace(f.Values[i])
		}
	case f.Type == String && given:
		size, err := strconv.Atoi(arguments)
		if err != nil || size < 1 || size > maxSize {
			return fmt.Errorf("the size of a string is a number from 1 to %d, or say text", maxSize)
		}
		f.Size = size
	case f.Type == String:
		f.Size = defaultSize
	case given:
		return fmt.Errorf("%s has no arguments", f.Type)
	}
	return nil
}

func (f *Field) setOption(option string) error {
	if value, given := strings.CutPrefix(option, fallback); given {
		f.Default = value
		return nil
	}
	switch option {
	case unique:
		f.Unique = true
	case index:
		f.Index = true
	default:
		return fmt.Errorf("there is no option %q%s: there are unique and index", option, Nearest(option, []string{unique, index}))
	}
	return nil
}

// Nearest is a question after what somebody may have meant; empty when nothing is near.
func Nearest(word string, known []string) string {
	best, distance := "", 3
	for _, candidate := range known {
		if d := levenshtein.Distance(word, candidate, nil); d < distance {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return " (did you mean " + best + "?)"
}

// Filtered tells whether lists can be filtered by the field: what has an index, and what has few values.
func (f Field) Filtered() bool { return f.Index || f.Unique || f.Type == Enum || f.Type == Bool }

// Ranged tells whether it is filtered by where it begins and ends, and not by one value.
func (f Field) Ranged() bool { return f.Type == Time || f.Type == Money }

// Sorted tells whether lists can be sorted by the field.
func (f Field) Sorted() bool {
	return (f.Index || f.Unique) && !f.Optional && slices.Contains([]string{String, Int, Time, Money}, f.Type)
}
