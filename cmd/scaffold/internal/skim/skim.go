// Package skim spares Wire most of its work. Wire type-checks every package that the graph depends on from source, with all
// functions, though it looks at declarations alone. So the scaffolder answers when Wire asks which files there are, as a
// driver of golang.org/x/tools/go/packages: those of the project as they are, and for everybody else's a copy in which
// the functions are empty. What only functions need is not there at all.
package skim

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"

	"golang.org/x/tools/go/packages"
)

// asked is set for the program when it is called as the driver, which has no arguments of its own.
const asked = "SCAFFOLD_SKIM"

// Environment is what Wire has to be run with for program to be its driver.
func Environment(program string) []string {
	return []string{"GOPACKAGESDRIVER=" + program, asked + "=1"}
}

// Asked tells whether this process was called as the driver.
func Asked() bool { return os.Getenv(asked) != "" }

// Answer is that driver: it reads a request, and answers which packages match the patterns, with all that they import.
// When it cannot, it answers that others should, and says why: GOPACKAGESPRINTDRIVERERRORS=1 shows it.
func Answer(ctx context.Context, patterns []string, in io.Reader, out, said io.Writer) error {
	response, err := answer(ctx, patterns, in)
	if err != nil {
		fmt.Fprintln(said, err)
		response = &packages.DriverResponse{NotHandled: true}
	}
	return json.NewEncoder(out).Encode(response)
}

func answer(ctx context.Context, patterns []string, in io.Reader) (*packages.DriverResponse, error) {
	var request packages.DriverRequest
	if err := json.NewDecoder(in).Decode(&request); err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	roots, err := packages.Load(&packages.Config{
		Context: ctx,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedDeps |
			packages.NeedModule,
		Env:        append(slices.Clip(request.Env), "GOPACKAGESDRIVER=off"),
		BuildFlags: request.BuildFlags, Tests: request.Tests, Overlay: request.Overlay,
	}, patterns...)
	if err != nil {
		return nil, fmt.Errorf("list the packages: %w", err)
	}
	var all []*packages.Package
	packages.Visit(roots, nil, func(p *packages.Package) { all = append(all, p) })
	if err := shorten(all); err != nil {
		return nil, fmt.Errorf("copy the declarations: %w", err)
	}
	response := &packages.DriverResponse{Compiler: "gc", Arch: cmp.Or(os.Getenv("GOARCH"), runtime.GOARCH)}
	for _, root := range roots {
		response.Roots = append(response.Roots, root.ID)
	}
	packages.Visit(roots, nil, func(p *packages.Package) { response.Packages = append(response.Packages, p) })
	return response, nil
}
