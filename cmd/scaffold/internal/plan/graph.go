package plan

import (
	"regexp"
	"slices"
	"strings"
)

const graphFile = "wire_gen/wire_gen.go"

var (
	constructor = regexp.MustCompile(`(?m)^func New\w*\([^{]*`)
	moduleInUse = regexp.MustCompile(`"[^"]+/modules/\w+"`)
)

// Regraphed tells whether the graph has to be generated again for what is staged: because modules are listed that it does not
// have, or because something is made of other parts than before.
func (p *Plan) Regraphed() bool {
	for _, change := range p.Tree.Changes(false) {
		if strings.HasPrefix(change.Path, "wire_gen/") {
			return true
		}
		if !strings.HasPrefix(change.Path, "modules/") || !strings.HasSuffix(change.Path, ".go") || strings.HasSuffix(change.Path, "_test.go") {
			continue
		}
		now, _ := p.Tree.Read(change.Path) // none when it goes
		if !slices.Equal(constructor.FindAllString(string(p.Tree.Before(change.Path)), -1), constructor.FindAllString(string(now), -1)) {
			return true
		}
	}
	listed, _ := p.Tree.Read(modulesFile)
	graph, _ := p.Tree.Read(graphFile)
	return slices.ContainsFunc(moduleInUse.FindAllString(string(listed), -1), func(module string) bool {
		return !strings.Contains(string(graph), module)
	})
}
