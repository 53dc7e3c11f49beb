// Package plan changes a project: it stages what a command is to write, and nothing else. What is staged is looked at,
// applied and verified by the command.
package plan

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/edit"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/project"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/render"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/tree"
	"github.com/trellis-go/trellis/platform/migrate/sqlfile"
)

// Plan is a project with what shall change in it.
type Plan struct {
	*project.Project
	Tree      *tree.Tree
	Templates fs.FS
	Now       time.Time // from which migrations are numbered
	Keep      bool      // what was changed by hand stays, where it does not go together with what changes
	Notes     []string  // for whoever gave the command

	manifest *project.Manifest
	packages []string

	upgrading bool // modules become what they would be if they were generated now
}

const (
	modulesFile = "wire_gen/modules.go"
	defaults    = "configs/default.yaml"
	versionFile = "platform/httpapi/version.go"
)

// New begins a plan.
func New(p *project.Project, now time.Time) (*Plan, error) {
	files := tree.New(p.Root)
	manifest, err := project.ReadManifest(files)
	if err != nil {
		return nil, err
	}
	return &Plan{Project: p, Tree: files, Templates: render.Templates, Now: now, manifest: manifest}, nil
}

// Packages are those whose tests show whether the change is sound.
func (p *Plan) Packages() []string { return p.packages }

func (p *Plan) test(module string) {
	if name := "./modules/" + module; !slices.Contains(p.packages, name) {
		p.packages = append(p.packages, name)
	}
}

var versionNumber = regexp.MustCompile(`\{Number: (\d+)`)

// Versions are those of the API.
func (p *Plan) Versions() ([]int, error) {
	source, err := p.Tree.Read(versionFile)
	if err != nil {
		return nil, err
	}
	var versions []int
	for _, match := range versionNumber.FindAllSubmatch(source, -1) {
		version, err := strconv.Atoi(string(match[1]))
		if err != nil {
			return nil, err
		}
		versions = append(versions, version)
	}
	if len(versions) == 0 {
		return nil, fmt.Errorf("%s lists no version of the API", versionFile)
	}
	return versions, nil
}

// Databases are the names of the connections that the configuration has.
func (p *Plan) Databases() ([]string, error) {
	content, err := p.Tree.Read(defaults)
	if err != nil {
		return nil, err
	}
	var configured struct {
		Databases map[string]struct{ Driver string }
	}
	if err := yaml.Unmarshal(content, &configured); err != nil {
		return nil, fmt.Errorf("%s: %w", defaults, err)
	}
	var names []string
	for name, database := range configured.Databases {
		if slices.Contains([]string{"sqlite", "mysql", "oracle"}, database.Driver) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// change replaces a file by what a function makes of it.
func (p *Plan) change(path string, change func([]byte) ([]byte, error)) error {
	before, err := p.Tree.Read(path)
	if err != nil {
		return err
	}
	after, err := change(before)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if string(before) == string(after) {
		return nil
	}
	return p.Tree.Write(path, after)
}

// mounting is how a module stands in the list.
func (p *Plan) mounting(m spec.Module) edit.Mounting {
	mounting := edit.Mounting{Import: p.Path + "/modules/" + m.Package(), Package: m.Package(), Field: m.Entity()}
	if m.Name != m.Package() { // the configuration would have api_key for APIKey
		mounting.Section = m.Package()
	}
	return mounting
}

// save stages the manifest.
func (p *Plan) save() error {
	content, err := p.manifest.Bytes()
	if err != nil {
		return err
	}
	if content == nil {
		if !p.Tree.Exists(project.ManifestFile) {
			return nil
		}
		return p.Tree.Remove(project.ManifestFile)
	}
	return p.Tree.Write(project.ManifestFile, content)
}

// Guarded tells whether operations say who may call them.
func (p *Plan) Guarded() bool { return p.Has("platform/auth") }

// options are what the templates have to know of the project.
func (p *Plan) options() render.Options {
	return render.Options{Path: p.Path, Guarded: p.Guarded()}
}

// migrate stages a migration for every engine, under one name that comes after all others.
func (p *Plan) migrate(what string, content func(engine string) string) (string, error) {
	at, err := sqlfile.Next(p.Join("migrations"), p.Now)
	if err != nil {
		return "", err
	}
	p.Now = at.Add(time.Second) // what is staged is not there yet
	name, err := sqlfile.Name(at, what)
	if err != nil {
		return "", err
	}
	for _, engine := range p.Engines() {
		if err := p.Tree.Write("migrations/"+engine+"/"+name, []byte(content(engine))); err != nil {
			return "", err
		}
	}
	return name, nil
}
