package edit

import (
	"errors"
	"go/token"
	"slices"
	"strconv"

	"github.com/dave/dst"
)

// Matrix gives operations their lines in the matrix of who may call them, a map from text to text, or takes them out.
func Matrix(source []byte, operations []string, who string, listed bool) ([]byte, error) {
	return matrix(source, func(lines *dst.CompositeLit) {
		for _, operation := range operations {
			key := strconv.Quote(operation)
			at := slices.IndexFunc(lines.Elts, func(e dst.Expr) bool { return isKey(e, key) })
			switch {
			case at >= 0 && !listed:
				lines.Elts = slices.Delete(lines.Elts, at, at+1)
			case at < 0 && listed:
				line := &dst.KeyValueExpr{
					Key:   &dst.BasicLit{Kind: token.STRING, Value: key},
					Value: &dst.BasicLit{Kind: token.STRING, Value: strconv.Quote(who)},
				}
				line.Decs.Before, line.Decs.After = dst.NewLine, dst.NewLine
				lines.Elts = append(lines.Elts, line)
			}
		}
	})
}

// RenameInMatrix gives the lines of operations other names, for the same people.
func RenameInMatrix(source []byte, operations []string, renamed func(string) string) ([]byte, error) {
	return matrix(source, func(lines *dst.CompositeLit) {
		for _, line := range lines.Elts {
			at := slices.IndexFunc(operations, func(operation string) bool { return isKey(line, strconv.Quote(operation)) })
			if at >= 0 {
				line.(*dst.KeyValueExpr).Key.(*dst.BasicLit).Value = strconv.Quote(renamed(operations[at]))
			}
		}
	})
}

func matrix(source []byte, change func(lines *dst.CompositeLit)) ([]byte, error) {
	file, err := Parse(source)
	if err != nil {
		return nil, err
	}
	value, err := file.Variable("matrix")
	if err != nil {
		return nil, err
	}
	lines, ok := value.(*dst.CompositeLit)
	if !ok {
		return nil, errors.New("matrix is not a literal")
	}
	change(lines)
	return file.Bytes()
}

func isKey(expression dst.Expr, key string) bool {
	pair, ok := expression.(*dst.KeyValueExpr)
	if !ok {
		return false
	}
	text, ok := pair.Key.(*dst.BasicLit)
	return ok && text.Value == key
}
