// Package config reads the configuration of the program: files, environment and flags become one typed, validated
// struct, and every value knows where it came from.
//
// The struct is the schema. A key is the path of fields to a value, in snake_case: MaxOpen in HTTP is http.max_open. A
// mapstructure tag is needed only where another name is wanted, or to squash an embedded struct. A map holds entries
// that the operator names (databases.<name>.dsn), a slice of structs a list of sections. Rules are validate tags of
// validator/v10, and a section with a rule of its own has a method Validate() error.
//
//	type Config struct {
//		HTTP      struct {
//			Addr           string        `validate:"required,hostname_port"`
//			RequestTimeout time.Duration `validate:"min=1ms"`
//			MaxBody        config.Size
//		}
//		Databases map[string]struct {
//			Driver string     `validate:"oneof=sqlite mysql"`
//			DSN    config.DSN `validate:"required"`
//		}
//	}
//
//	loaded, err := config.Load[Config](config.Options{Embedded: configs.Files, Environ: os.Environ()})
//	if err != nil {
//		return err // a *config.Error: everything that is wrong, one line each
//	}
//	serve(loaded.Value.HTTP.Addr)
//
// Four layers are read, each overriding those before it: default.yaml, <environment>.yaml, environment variables, flags.
// The variable of http.addr is TRELLIS_HTTP_ADDR; TRELLIS_HTTP_ADDR_FILE names a file that holds the value. Where both
// readings of a variable are possible, a key that ends in _file goes before the file of another key. Lists are
// separated by commas in variables and flags. A list replaces the list of the layer before it, it does not extend it.
//
// Nothing is guessed: an unknown key or variable, a value of the wrong type and a key given twice are errors. Secret
// and DSN values, and texts under a key such as password or token, are in no error and no print.
package config

import (
	"io/fs"
	"reflect"
	"slices"
)

// Options say where the layers come from. The zero value reads the folder configs and nothing else.
type Options struct {
	Environment string            // development, test, staging or production; empty: TRELLIS_ENV, then development
	Dir         string            // folder with default.yaml and <environment>.yaml; empty: TRELLIS_CONFIG_DIR, then configs where it has a default.yaml, then Embedded
	Embedded    fs.FS             // the copy inside the binary, with default.yaml at its root
	Environ     []string          // NAME=value as os.Environ gives them; the last of a name counts
	Flags       map[string]string // value by key
}

// Loaded is a valid configuration.
type Loaded[T any] struct {
	Value       T
	Environment string   // the one that was chosen
	Files       []string // the files that were read from disk, in the order of the layers; none when the embedded copy served
	entries     []Entry
}

// Load reads, merges and validates. Its error is an *Error with all that is wrong in all layers. It panics when T cannot
// be a schema: a field of a type that no text can hold, or two keys with one variable.
func Load[T any](opts Options) (*Loaded[T], error) {
	l := newLoader(opts, schemaOf(reflect.TypeFor[T]()))
	l.readFiles()
	l.readEnvironment()
	l.readFlags()
	var value T
	root := reflect.ValueOf(&value).Elem()
	l.decode(root)
	l.validate(root)
	if err := l.err(); err != nil {
		return nil, err
	}
	return &Loaded[T]{Value: value, Environment: l.environment, Files: l.files, entries: l.entries(root)}, nil
}

// Entries lists every key with its value and origin, sorted by key. Secrets are hidden.
func (l *Loaded[T]) Entries() []Entry { return slices.Clone(l.entries) }
