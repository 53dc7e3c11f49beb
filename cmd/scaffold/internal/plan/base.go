package plan

import (
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"testing/fstest"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/project"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/render"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

const templatesFolder = "cmd/scaffold/internal/render/templates"

// bases are the files of a module as they were generated, by path: written again from the templates of this program, or
// from those that the project's history has. The hashes in the manifest tell whether they are the right ones.
func (p *Plan) bases(record *project.Generated, m spec.Module) (map[string][]byte, error) {
	bases := map[string][]byte{}
	p.fill(bases, record, m, p.Templates)
	if len(bases) == len(record.Files) {
		return bases, nil
	}
	for _, commit := range p.git("log", "--format=%H", "--", templatesFolder) {
		if old := p.templatesAt(commit); old != nil {
			p.fill(bases, record, m, old)
		}
		if len(bases) == len(record.Files) {
			return bases, nil
		}
	}
	for path, origin := range record.Files {
		if _, known := bases[path]; known {
			continue
		}
		content, err := p.generated(path, origin)
		if err != nil {
			return nil, err
		}
		bases[path] = content
	}
	return bases, nil
}

// fill adds what templates make and the manifest knows.
func (p *Plan) fill(bases map[string][]byte, record *project.Generated, m spec.Module, templates fs.FS) {
	files, err := render.Module(templates, m, render.Options{Path: p.Path, Guarded: record.Guarded})
	if err != nil {
		return // they are for another program
	}
	for _, file := range files {
		if project.Hash(file.Content) == record.Files[file.Path].Hash {
			bases[file.Path] = file.Content
		}
	}
}

// templatesAt are the templates as a commit had them; nil when it had none.
func (p *Plan) templatesAt(commit string) fs.FS {
	files := fstest.MapFS{}
	for _, path := range p.git("ls-tree", "--name-only", commit, templatesFolder+"/") {
		content, err := p.show(commit, path)
		if err != nil {
			return nil
		}
		files[strings.TrimPrefix(path, templatesFolder+"/")] = &fstest.MapFile{Data: content}
	}
	if len(files) == 0 {
		return nil
	}
	return files
}

// generated finds a file as it was generated: as it is, when nobody has changed it, or in the project's history.
func (p *Plan) generated(path string, origin project.Origin) ([]byte, error) {
	if content, err := p.Tree.Read(path); err == nil && project.Hash(content) == origin.Hash {
		return content, nil
	}
	for _, commit := range p.git("log", "--format=%H", "--", path) {
		if content, err := p.show(commit, path); err == nil && project.Hash(content) == origin.Hash {
			return content, nil
		}
	}
	return nil, fmt.Errorf("%s: what was generated is neither in this program's templates nor in the history of the project, so "+
		"that your changes in it cannot be told from it: fetch the whole history, or run the version of scaffold that wrote it", path)
}

func (p *Plan) show(commit, path string) ([]byte, error) {
	show := exec.Command("git", "show", commit+":./"+path) //nolint:gosec,noctx // reads the history on disk
	show.Dir = p.Root
	return show.Output()
}

// git gives the lines that git answers; none when there is no history.
func (p *Plan) git(args ...string) []string {
	command := exec.Command("git", args...) //nolint:gosec,noctx // reads the history on disk
	command.Dir = p.Root
	out, err := command.Output()
	if err != nil {
		return nil
	}
	return strings.Fields(string(out))
}
