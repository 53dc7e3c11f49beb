package project

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// ManifestFile says what was generated.
const ManifestFile = "scaffold.lock"

// Manifest is what was generated, and from what.
type Manifest struct {
	Modules map[string]*Generated `json:"modules"` // by package
}

// Generated is one module.
type Generated struct {
	Module      string            `json:"module"` // its name
	Plural      string            `json:"plural,omitempty"`
	Database    string            `json:"database"`
	Owner       string            `json:"owner,omitempty"`
	Versions    []int             `json:"versions"`
	Fields      []string          `json:"fields"`
	Operations  []string          `json:"operations,omitempty"` // METHOD name field=value
	Events      []string          `json:"events,omitempty"`
	Tasks       []spec.Task       `json:"tasks,omitempty"`
	Subscribers []spec.Subscriber `json:"subscribers,omitempty"`
	Guarded     bool              `json:"guarded,omitempty"` // its operations say who may call them
	Files       map[string]Origin `json:"files"`             // by path
	Migrations  []string          `json:"migrations"`        // names of files, the same for every engine
}

// Origin is where a file comes from.
type Origin struct {
	Template string `json:"template"`
	Hash     string `json:"sha256"` // of what was generated, before anybody changed it
}

// Files can be read: a project's folder, or a tree with changes.
type Files interface {
	Read(path string) ([]byte, error)
}

// ReadManifest reads the manifest; without one, nothing was generated.
func ReadManifest(files Files) (*Manifest, error) {
	manifest := &Manifest{Modules: map[string]*Generated{}}
	content, err := files.Read(ManifestFile)
	if errors.Is(err, fs.ErrNotExist) {
		return manifest, nil
	}
	if err == nil {
		err = json.Unmarshal(content, manifest)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", ManifestFile, err)
	}
	return manifest, nil
}

// Bytes is the manifest as it is stored: sorted, so that equal ones are equal texts. It is empty when nothing is
// generated.
func (m *Manifest) Bytes() ([]byte, error) {
	if len(m.Modules) == 0 {
		return nil, nil
	}
	content, err := json.MarshalIndent(m, "", "  ")
	return append(content, '\n'), err
}

// Spec is what the module was generated from.
func (g *Generated) Spec() (spec.Module, error) {
	m := spec.Module{Name: g.Module, Plural: g.Plural, Database: g.Database, Owner: g.Owner, Versions: g.Versions, Events: g.Events, Tasks: g.Tasks, Subscribers: g.Subscribers}
	for _, text := range g.Fields {
		field, err := spec.ParseField(text)
		if err != nil {
			return m, fmt.Errorf("%s: %w", ManifestFile, err)
		}
		m.Fields = append(m.Fields, field)
	}
	for _, text := range g.Operations {
		operation, err := spec.ParseOperation(text)
		if err != nil {
			return m, fmt.Errorf("%s: %w", ManifestFile, err)
		}
		m.Operations = append(m.Operations, operation)
	}
	return m, m.Check()
}

// NewGenerated is the record of a module without its files.
func NewGenerated(m spec.Module) *Generated {
	g := &Generated{
		Module: m.Name, Plural: m.Plural, Database: m.Database, Owner: m.Owner, Versions: m.Versions,
		Events: m.Events, Tasks: m.Tasks, Subscribers: m.Subscribers,
		Files: map[string]Origin{},
	}
	for _, field := range m.Fields {
		g.Fields = append(g.Fields, field.String())
	}
	for _, operation := range m.Operations {
		g.Operations = append(g.Operations, operation.String())
	}
	return g
}

// Hash is what Origin has of a content.
func Hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
