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
	file, err := Parse(source)
	if err != nil {
		return nil, err
	}
	value, err := file.Variable("matrix")
	if err != nil {
		return nil, err
	}
	matrix, ok := value.(*dst.CompositeLit)
	if !ok {
		return nil, errors.New("matrix is not a literal")
	}
	for _, operation := range operations {
		key := strconv.Quote(operation)
		at := slices.IndexFunc(matrix.Elts, func(e dst.Expr) bool { return isKey(e, key) })
		switch {
		case at >= 0 && !listed:
			matrix.Elts = slices.Delete(matrix.Elts, at, at+1)
		case at < 0 && listed:
			line := &dst.KeyValueExpr{
				Key:   &dst.BasicLit{Kind: token.STRING, Value: key},
				Value: &dst.BasicLit{Kind: token.STRING, Value: strconv.Quote(who)},
			}
			line.Decs.Before, line.Decs.After = dst.NewLine, dst.NewLine
			matrix.Elts = append(matrix.Elts, line)
		}
	}
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
