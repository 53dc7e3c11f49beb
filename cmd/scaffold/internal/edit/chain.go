package edit

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dave/dst"
)

// Chain puts a middleware, which is a method of the API, into the chain before another; without one, at its end. It changes
// nothing when the middleware is in the chain.
func Chain(source []byte, method, before string) ([]byte, error) {
	file, err := Parse(source)
	if err != nil {
		return nil, err
	}
	function, err := file.Function("chain")
	if err != nil {
		return nil, err
	}
	call := stacked(function)
	if call == nil || function.Recv == nil || len(function.Recv.List[0].Names) != 1 {
		return nil, errors.New("the function chain does not return stack(router, …)")
	}
	receiver := function.Recv.List[0].Names[0].Name
	if slices.ContainsFunc(call.Args, func(arg dst.Expr) bool { return isSelector(arg, receiver, method) }) {
		return file.Bytes()
	}
	at := len(call.Args)
	if before != "" {
		at = slices.IndexFunc(call.Args, func(arg dst.Expr) bool { return middlewareName(arg) == before })
		if at < 1 {
			return nil, fmt.Errorf("the chain has no middleware %s", before)
		}
	}
	added := Selector(receiver, method)
	added.Decs.Before, added.Decs.After = dst.NewLine, dst.NewLine
	call.Args = slices.Insert(call.Args, at, dst.Expr(added))
	return file.Bytes()
}

// stacked is the call that lists the middlewares.
func stacked(function *dst.FuncDecl) *dst.CallExpr {
	for _, statement := range function.Body.List {
		answer, ok := statement.(*dst.ReturnStmt)
		if !ok || len(answer.Results) != 1 {
			continue
		}
		call, ok := answer.Results[0].(*dst.CallExpr)
		if !ok {
			continue
		}
		if name, ok := call.Fun.(*dst.Ident); ok && name.Name == "stack" {
			return call
		}
	}
	return nil
}

// middlewareName is that of an element of the chain: limitRate of a.limitRate, allowOrigins of a.allowOrigins().
func middlewareName(expression dst.Expr) string {
	switch kind := expression.(type) {
	case *dst.SelectorExpr:
		return kind.Sel.Name
	case *dst.Ident:
		return kind.Name
	case *dst.CallExpr:
		return middlewareName(kind.Fun)
	default:
		return ""
	}
}
