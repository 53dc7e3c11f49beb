package spec

import (
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
)

// Module is a business domain with one entity.
type Module struct {
	Name       string      // singular, in small letters: invoice, api_key
	Plural     string      // when it is not what Plural says
	Database   string      // the connection that it uses
	Owner      string      // OwnerUser: one belongs to the user who made it; empty: to nobody
	Versions   []int       // of the API, that serve it
	Fields     []Field     //
	Operations []Operation // beside those that every module has
	Events     []string    // that others are told of: created, paid

	Tasks       []Task       // what it does in the background
	Subscribers []Subscriber // what is done about the events of others
}

// OwnerUser is the only Owner there is.
const OwnerUser = "user"

var (
	namePattern   = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	modulePattern = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z][a-z0-9]*)*$`)
)

// IsName tells whether a text is small letters a to z and digits, in words joined by _.
func IsName(text string) bool { return namePattern.MatchString(text) }

const (
	maxModule  = 20
	maxName    = 30
	identifier = 64 // of MySQL
)

// Check finds what is wrong with the module, whatever else the project has.
func (m Module) Check() error {
	if err := m.CheckName(); err != nil {
		return err
	}
	if m.Owner != "" && m.Owner != OwnerUser {
		return fmt.Errorf("one can belong to a user, not to %q", m.Owner)
	}
	failed := []error{m.checkFields(), m.checkVersions(), m.checkEvents(), m.checkSubscribers(), m.checkTasks()}
	for _, operation := range m.Operations {
		failed = append(failed, operation.check(m))
	}
	return errors.Join(failed...)
}

// CheckName finds what is wrong with its name.
func (m Module) CheckName() error {
	refuse := func(reason string, args ...any) error {
		return fmt.Errorf("the module cannot be called %q: %s", m.Name, fmt.Sprintf(reason, args...))
	}
	switch {
	case !modulePattern.MatchString(m.Name):
		return refuse("a name is a noun in small letters a to z and digits, words joined by _, as api_key")
	case len(m.Name) < 2:
		return refuse("it is too short to be told from a variable")
	case len(m.Name) > maxModule:
		return refuse("it has more than %d letters, and tables and indexes are named after it", maxModule)
	case m.Plural != "" && !modulePattern.MatchString(m.Plural):
		return refuse("its plural %q must be in small letters, too", m.Plural)
	case m.Plural == "" && Singular(m.Name) != m.Name:
		return refuse("name it in the singular, %s (or give its plural)", Singular(m.Name))
	case token.IsKeyword(m.Package()):
		return refuse("%s is a keyword of Go", m.Package())
	case types.Universe.Lookup(m.Package()) != nil || types.Universe.Lookup(m.Shape()) != nil:
		return refuse("%s means something in Go", m.Package())
	case packages[m.Package()]:
		return refuse("%s is a package that modules import", m.Package())
	case taken[m.Entity()] || taken[m.Shape()]:
		return refuse("every module has a %s of its own", m.Entity())
	case strings.HasSuffix(m.Package(), "test") || m.Package() == "internal" || m.Package() == "vendor":
		return refuse("the Go tool reads something else into it")
	}
	return nil
}

func (m Module) checkVersions() error {
	if len(m.Versions) == 0 {
		return errors.New("a module is served in at least one version of the API")
	}
	return nil
}

func (m Module) checkFields() error {
	if len(m.Fields) == 0 || len(m.Fields) > maxFields {
		return fmt.Errorf("a module has from 1 to %d fields, not %d", maxFields, len(m.Fields))
	}
	var failed []error
	names, columns, parameters := owners{}, owners{}, owners{}
	for _, parameter := range []string{"limit", "cursor", "sort", "page", "resolve", "body", "raw_body", "page_input", "filter_input"} {
		parameters[parameter] = "lists"
	}
	goTypes := owners{m.Entity(): "the entity", m.Shape(): "the entity"}
	for column := range reservedFields {
		columns[column] = "the module"
	}
	if m.Owner != "" {
		names["ownerid"], columns["owner_id"] = "the module", "the module"
	}
	for _, f := range m.Fields {
		failed = append(failed,
			names.claim(strings.ToLower(f.Go()), f.Name, "the name of"), m.checkColumns(f, columns))
		for _, parameter := range f.Parameters() {
			failed = append(failed, parameters.claim(parameter, f.Name, "a query parameter of"))
		}
		for _, name := range f.goNames(m) {
			failed = append(failed, goTypes.claim(name, f.Name, "a Go name of"))
		}
	}
	return errors.Join(failed...)
}

// checkColumns also looks at how long the names of indexes become.
func (m Module) checkColumns(f Field, columns owners) error {
	for _, column := range f.Columns(m) {
		if sqlWords[column] {
			return fmt.Errorf("the field %q: its column would be %s, and that is a word of SQL, too", f.Name, column)
		}
		if err := columns.claim(column, f.Name, "a column of"); err != nil {
			return err
		}
		if name := m.Table() + "_" + column; len(name) > identifier {
			return fmt.Errorf("the field %q: the name of its index, %s, would have more than %d letters", f.Name, name, identifier)
		}
	}
	return nil
}

// owners are the fields by what they have claimed.
type owners map[string]string

func (o owners) claim(what, field, kind string) error {
	if owner, claimed := o[what]; claimed {
		return fmt.Errorf("the field %q: %s is %s %s already", field, what, kind, owner)
	}
	o[what] = field
	return nil
}

// goNames are the types and constants that the module has for an enum.
func (f Field) goNames(m Module) []string {
	if f.Type != Enum {
		return nil
	}
	names := []string{f.EnumType(m)}
	for _, value := range f.Values {
		names = append(names, f.EnumType(m)+GoName(value))
	}
	return names
}

// check finds what is wrong with a field alone.
func (f Field) check() error {
	switch {
	case !IsName(f.Name):
		return errors.New("a name is small letters a to z and digits, words joined by _, as due_at")
	case len(f.Name) > maxName:
		return fmt.Errorf("the name has more than %d letters", maxName)
	case reservedFields[f.Name]:
		return fmt.Errorf("every module has %s of its own", f.Name)
	case f.Default != "" && f.Default != f.first():
		return errDefault
	case f.Unique && f.Index:
		return errors.New("what is unique has an index already")
	case f.Unique && !slices.Contains([]string{String, UUID, Int}, f.Type):
		return fmt.Errorf("unique can be a string, uuid or int, not a %s", f.Type)
	case f.Index && f.Type == Text:
		return errors.New("a text cannot have an index: say string")
	case f.Type == Enum:
		return f.checkValues()
	}
	return nil
}

// first is the one Default that a field can have: what it is in rows that know nothing of it. It changes nothing that
// clients send. It is empty where there is none.
func (f Field) first() string {
	switch {
	case f.Optional || f.Unique:
		return ""
	case f.Type == Bool:
		return "false"
	case f.Type == Int:
		return "0"
	case f.Type == Enum:
		return f.Values[0]
	}
	return ""
}

func (f Field) checkValues() error {
	if len(f.Values) > maxValues {
		return fmt.Errorf("an enum has at most %d values", maxValues)
	}
	seen := map[string]bool{}
	for _, value := range f.Values {
		name := GoName(value)
		switch {
		case !IsName(value) || len(value) > maxName:
			return fmt.Errorf("the value %q of the enum must be small letters a to z and digits, words joined by _: enum(draft,sent)", value)
		case seen[name]:
			return fmt.Errorf("the value %q of the enum comes twice", value)
		}
		seen[name] = true
	}
	return nil
}
