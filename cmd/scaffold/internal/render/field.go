package render

import (
	"fmt"
	"strings"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// field is a field as the templates see it.
type field struct {
	spec.Field
	module spec.Module
}

// IsMoney tells whether it is an amount, which is two columns.
func (f field) IsMoney() bool { return f.Type == spec.Money }

// EnumType is the Go type of an enum.
func (f field) EnumType() string { return f.Field.EnumType(f.module) }

// Column is where it is stored.
func (f field) Column() string { return f.Columns(f.module)[0] }

// Err is the problem of a value that another has.
func (f field) Err() string { return "Err" + f.Go() + "Taken" }

// Star is what makes a type one that may be absent.
func (f field) Star() string {
	if f.Optional {
		return "*"
	}
	return ""
}

// NotNull is the part of a gorm tag.
func (f field) NotNull() string {
	if f.Optional {
		return ""
	}
	return ";not null"
}

// plain is the Go type without the star.
func (f field) plain() string {
	switch f.Type {
	case spec.Int:
		return "int64"
	case spec.Bool:
		return "bool"
	case spec.Time:
		return "time.Time"
	case spec.Enum:
		return f.EnumType()
	case spec.Money:
		return "money"
	default:
		return "string"
	}
}

// GoType is the Go type of the entity's field.
func (f field) GoType() string { return f.Star() + f.plain() }

// enumSize is the length of an enum's column: that of the longest value there may be.
const enumSize = 30

// Tag is the gorm tag.
func (f field) Tag() string {
	var parts []string
	if !spec.Derived(f.Go(), f.Column()) {
		parts = append(parts, "column:"+f.Column())
	}
	switch f.Type {
	case spec.String:
		parts = append(parts, fmt.Sprintf("size:%d", f.Size))
	case spec.UUID:
		parts = append(parts, "size:36")
	case spec.Enum:
		parts = append(parts, fmt.Sprintf("size:%d", enumSize))
	case spec.Text:
		parts = append(parts, "type:text")
	case spec.Time:
		parts = append(parts, "precision:6")
	}
	if f.Default != "" {
		parts = append(parts, "default:"+f.Default)
	}
	tag := strings.Join(parts, ";") + f.NotNull() + f.index()
	return strings.TrimPrefix(tag, ";")
}

// CentsTag is the gorm tag of an amount's first column.
func (f field) CentsTag() string {
	column := ""
	if !spec.Derived(f.Go()+"Cents", f.Column()) {
		column = ";column:" + f.Column()
	}
	return strings.TrimPrefix(column+f.NotNull()+f.index(), ";")
}

// CurrencyTag is the gorm tag of an amount's second column.
func (f field) CurrencyTag() string {
	column := f.Columns(f.module)[1]
	if spec.Derived(f.Go()+"Currency", column) {
		return "size:3" + f.NotNull()
	}
	return "column:" + column + ";size:3" + f.NotNull()
}

func (f field) index() string {
	switch {
	case f.Unique:
		return ";uniqueIndex:" + f.indexName()
	case f.Index:
		return ";index:" + f.indexName() + ",priority:1"
	default:
		return ""
	}
}

func (f field) indexName() string { return f.module.Table() + "_" + f.Column() }

// Remark is a comment on the entity's field.
func (f field) Remark() string {
	if f.Column() != f.Name {
		return " // " + f.Name + " is a word of SQL"
	}
	return ""
}

// Receiver is that of an enum's methods.
func (f field) Receiver() string { return strings.ToLower(f.EnumType()[:1]) }

// Const is the Go name of a value.
func (f field) Const(value string) string { return f.EnumType() + spec.GoName(value) }

// Consts are those of all values.
func (f field) Consts() string {
	var all []string
	for _, value := range f.Values {
		all = append(all, f.Const(value))
	}
	return strings.Join(all, ", ")
}

// Normal is what the field is normalized to; empty when it stays.
func (f field) Normal() string {
	change, known := map[string]string{spec.String: "strings.TrimSpace", spec.UUID: "strings.ToLower", spec.Time: "moment"}[f.Type]
	switch {
	case !known:
		return ""
	case f.Optional:
		return fmt.Sprintf("optional(d.%s, %s)", f.Go(), change)
	default:
		return fmt.Sprintf("%s(d.%s)", change, f.Go())
	}
}

type rule struct{ Kept, Pointer, Text string }

const maxText = 10_000

// Rules are what a draft must keep.
func (f field) Rules() []rule {
	value := "d." + f.Go()
	if f.Optional {
		value = "*" + value
	}
	one := func(kept, text string) []rule { return []rule{{f.unlessAbsent(f.Go(), kept), "/" + f.Name, text}} }
	switch f.Type {
	case spec.String:
		return one(fmt.Sprintf("filled(%s, %d)", value, f.Size), fmt.Sprintf("must be 1 to %d characters, not only space", f.Size))
	case spec.Text:
		return one(fmt.Sprintf("filled(%s, %d)", value, maxText), fmt.Sprintf("must be 1 to %d characters, not only space", maxText))
	case spec.UUID:
		return one("id.Valid("+value+")", "must be a UUID")
	case spec.Time:
		return one("storable("+value+")", "must be in a year from 1000 to 9999")
	case spec.Enum:
		if f.Optional {
			value = value[1:] // a method is called on the pointer all the same
		}
		return one(value+".valid()", "must be one of "+strings.Join(f.Values, ", "))
	case spec.Money:
		return f.moneyRules()
	default:
		return nil
	}
}

func (f field) moneyRules() []rule {
	cents, currency := "d."+f.Go()+"Cents", "d."+f.Go()+"Currency"
	var rules []rule
	if f.Optional {
		rules = append(rules, rule{fmt.Sprintf("(%s == nil) == (%s == nil)", cents, currency), "/" + f.Name, "must have an amount and a currency"})
		cents, currency = "*"+cents, "*"+currency
	}
	return append(rules,
		rule{f.unlessAbsent(f.Go()+"Cents", cents+" >= 0 && "+cents+" <= maxCents"), "/" + f.Name + "/amount_cents", "must be from 0 to 1000000000000"},
		rule{f.unlessAbsent(f.Go()+"Currency", "currencyPattern.MatchString("+currency+")"), "/" + f.Name + "/currency", "must be three capital letters, as in ISO 4217"})
}

func (f field) unlessAbsent(goName, kept string) string {
	if !f.Optional {
		return kept
	}
	if strings.Contains(kept, "&&") {
		kept = "(" + kept + ")"
	}
	return "d." + goName + " == nil || " + kept
}

// ShapeType is the Go type in requests and responses.
func (f field) ShapeType() string { return f.Star() + f.plain() }

// JSON is the name in JSON. An absent amount is left out, since an object cannot be null.
func (f field) JSON() string {
	if f.IsMoney() && f.Optional {
		return f.Name + ",omitempty"
	}
	return f.Name
}

// ShapeTags are the tags in requests and responses, beside the name.
func (f field) ShapeTags() string {
	tags := ""
	if f.Optional {
		tags += ` required:"false"`
	}
	example := spec.Capital(f.Words()) + " 1"
	switch f.Type {
	case spec.String:
		tags += fmt.Sprintf(` minLength:"1" maxLength:"%d" pattern:"\\S" patternDescription:"not only space" example:"%.*s"`, f.Size, f.Size, example)
	case spec.Text:
		tags += fmt.Sprintf(` minLength:"1" maxLength:"%d" pattern:"\\S" patternDescription:"not only space" example:"%s"`, maxText, example)
	case spec.Int:
		tags += ` example:"1"`
	case spec.Bool:
		tags += ` example:"true"`
	case spec.UUID:
		tags += ` format:"uuid" example:"0198c2a4-7b1e-7c3a-9f10-5d2b6a8e4c02"`
	case spec.Enum:
		tags += fmt.Sprintf(` enum:"%s" example:"%s"`, strings.Join(f.Values, ","), f.Values[0])
	}
	if f.Unique {
		tags += ` doc:"Unique"`
	}
	return tags
}

// Show is the field of the entity in the letter, as it is shown.
func (f field) Show(letter string) string {
	value := letter + "." + f.Go()
	switch {
	case f.IsMoney() && f.Optional:
		return fmt.Sprintf("showMoney(%sCents, %sCurrency)", value, value)
	case f.IsMoney():
		return fmt.Sprintf("money{%sCents, %sCurrency}", value, value)
	default:
		return value
	}
}
