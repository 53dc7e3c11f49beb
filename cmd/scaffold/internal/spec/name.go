package spec

import (
	"slices"
	"strings"

	"github.com/ettle/strcase"
	"github.com/jinzhu/inflection"
	"gorm.io/gorm/schema"
)

// Package is the name of the module's package, folder and section of the configuration: apikey.
func (m Module) Package() string { return strings.ReplaceAll(m.Name, "_", "") }

// Leaf is the folder of the package that has the module's events.
func (m Module) Leaf() string { return "modules/" + m.Package() + "/" + m.Package() + "api" }

// Entity is the Go type: APIKey.
func (m Module) Entity() string { return strcase.ToGoPascal(m.Name) }

// Shape is the Go type of requests and responses: apiKey.
func (m Module) Shape() string { return strcase.ToGoCamel(m.Name) }

// Noun is how people call one: API key.
func (m Module) Noun() string { return words(m.Name) }

// Nouns is how people call several: API keys.
func (m Module) Nouns() string { return words(m.plural()) }

// Table has the entities: apikey_api_keys.
func (m Module) Table() string { return m.Package() + "_" + m.plural() }

// Route is the path of the list: /api-keys.
func (m Module) Route() string { return "/" + m.Slugs() }

// Slug is the noun of the operations on one: api-key.
func (m Module) Slug() string { return strcase.ToKebab(m.Name) }

// Slugs is the noun of the operations on several: api-keys.
func (m Module) Slugs() string { return strings.ReplaceAll(m.plural(), "_", "-") }

// Tag is the heading in the documentation: API keys.
func (m Module) Tag() string { return Capital(m.Nouns()) }

// A is the noun with its article: an API key.
func (m Module) A() string { return article(m.Noun()) + " " + m.Noun() }

func (m Module) plural() string {
	if m.Plural != "" {
		return m.Plural
	}
	return Plural(m.Name)
}

// Plural is the plural of a name, whose last word is a noun: api_key, api_keys.
func Plural(name string) string {
	before, last := cut(name)
	return before + inflection.Plural(last)
}

// Singular is the singular of a name.
func Singular(name string) string {
	before, last := cut(name)
	return before + inflection.Singular(last)
}

func cut(name string) (before, last string) {
	at := strings.LastIndex(name, "_") + 1
	return name[:at], name[at:]
}

// words are the words of a name as people write them, initialisms in capitals.
func words(name string) string {
	parts := strings.Split(name, "_")
	for i, part := range parts {
		if initialism(part) {
			parts[i] = strings.ToUpper(part)
		} else if single := inflection.Singular(part); single != part && initialism(single) {
			parts[i] = strings.ToUpper(single) + "s"
		}
	}
	return strings.Join(parts, " ")
}

func initialism(word string) bool {
	return strcase.ToGoPascal(word) == strings.ToUpper(word) && len(word) > 1
}

func article(noun string) string {
	first := strings.ToLower(noun[:1])
	word, _, _ := strings.Cut(noun, " ")
	switch {
	case word == strings.ToUpper(word): // spelled out: an SKU, a URL, an API
		if strings.ContainsAny(first, "aefhilmnorsx") {
			return "an"
		}
	case strings.HasPrefix(noun, "hour") || strings.HasPrefix(noun, "hono") || strings.HasPrefix(noun, "heir"):
		return "an"
	case strings.HasPrefix(noun, "uni") || strings.HasPrefix(noun, "us") || strings.HasPrefix(noun, "ut") ||
		strings.HasPrefix(noun, "eu") || strings.HasPrefix(noun, "one"):
		return "a"
	case strings.ContainsAny(first, "aeiou"):
		return "an"
	}
	return "a"
}

// Capital is the text with a capital letter first.
func Capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// GoName is the Go name of a name: api_key is APIKey.
func GoName(name string) string { return strcase.ToGoPascal(name) }

// Go is the Go name of the field: CustomerID.
func (f Field) Go() string { return strcase.ToGoPascal(f.Name) }

// Words is how people call the field: customer ID.
func (f Field) Words() string { return words(f.Name) }

// Column is where the field is stored in the module's table: its name, unless that is a word of SQL, which would have to
// be quoted on one engine or another.
func (f Field) Column(m Module) string {
	if sqlWords[f.Name] {
		return m.Name + "_" + f.Name
	}
	return f.Name
}

// Columns are those of the field in the module's table.
func (f Field) Columns(m Module) []string {
	if f.Type == Money {
		return []string{f.Name + "_cents", f.Name + "_currency"}
	}
	return []string{f.Column(m)}
}

// Derived tells whether gorm finds the column by the Go name itself.
func Derived(goName, column string) bool {
	return schema.NamingStrategy{}.ColumnName("", goName) == column
}

// EnumType is the Go type of an enum: Status, or InvoiceStatus where the module has a Status of its own.
func (f Field) EnumType(m Module) string {
	if name := f.Go(); !taken[name] && name != m.Entity() {
		return name
	}
	return m.Entity() + f.Go()
}

// NotFound is the code of the problem that there is no such entity.
func (m Module) NotFound() string { return m.Name + "_not_found" }

// Taken is the code of the problem that another entity has the value of a unique field.
func (f Field) Taken(m Module) string { return m.Name + "_" + f.Name + "_taken" }

// Problems are the codes of all the module's problems.
func (m Module) Problems() []string {
	codes := []string{m.NotFound()}
	for _, f := range m.Fields {
		if f.Unique {
			codes = append(codes, f.Taken(m))
		}
	}
	return codes
}

// Parameters are the query parameters that lists are filtered with.
func (f Field) Parameters() []string {
	switch {
	case !f.Filtered():
		return nil
	case f.Type == Time:
		return []string{f.Name + "_from", f.Name + "_before"}
	case f.Type == Money:
		return []string{"min_" + f.Name + "_cents", "max_" + f.Name + "_cents"}
	default:
		return []string{f.Name}
	}
}

// Kinds are the types that the module's fields have.
func (m Module) Kinds() []string {
	var kinds []string
	for _, field := range m.Fields {
		if !slices.Contains(kinds, field.Type) {
			kinds = append(kinds, field.Type)
		}
	}
	return kinds
}
