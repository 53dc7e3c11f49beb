package database

import (
	"fmt"
	"regexp"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"github.com/trellis-go/trellis/platform/problem"
)

// Keyset is one page of a list in a total order: by a column, and by id among equals. The page begins after a row, not
// at an offset, so that it costs the same however far down it is, and no row is seen twice or missed while others are
// inserted. The query is portable and served by an index on (column, id):
//
//	rows := []Product{}
//	err := r.db.Reader(ctx).Scopes(database.Keyset{
//		Column: "price_cents", Desc: true, Value: last.PriceCents, ID: last.ID, Limit: limit,
//	}.Scope).Find(&rows).Error
type Keyset struct {
	Column string // to order by, NOT NULL: a constant of the module, never text of a client. Empty or "id": by id alone
	Desc   bool   // the largest first, among equals the largest id
	Value  any    // what Column holds in the last row of the page before, in the Go type of the field
	ID     string // its id; empty for the first page
	Limit  int    // rows on the page. The query asks for one more, which tells whether another page follows
}

const idColumn = "id"

var columnName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Scope puts condition, order and limit on a query of one table that has a column id. A Keyset without a limit, or with
// something else than a column's name in Column, makes the query fail. So does a text, an int64 or a time in Value that is
// not what the model has in Column: a client has changed its cursor, and the error is problem.InvalidCursor.
func (k Keyset) Scope(db *gorm.DB) *gorm.DB {
	if k.Column == "" {
		k.Column = idColumn
	}
	if !columnName.MatchString(k.Column) {
		_ = db.AddError(fmt.Errorf("keyset: %q is not the name of a column", k.Column))
		return db
	}
	if k.Limit < 1 {
		_ = db.AddError(fmt.Errorf("keyset: the limit is %d: it must be at least 1", k.Limit))
		return db
	}
	order := []clause.OrderByColumn{{Column: column(k.Column), Desc: k.Desc}}
	if k.Column != idColumn {
		order = append(order, clause.OrderByColumn{Column: column(idColumn), Desc: k.Desc})
	}
	db = db.Clauses(clause.OrderBy{Columns: order}).Limit(k.Limit + 1)
	if k.ID == "" {
		return db
	}
	if !k.fits(db.Statement) {
		const reason = "it was not made by this API"
		field := problem.Field{In: "query", Pointer: "/cursor", Detail: reason}
		_ = db.AddError(problem.InvalidCursor.New("the cursor cannot be used: " + reason).With(field))
		return db
	}
	group(db.Statement)
	return db.Clauses(clause.Where{Exprs: []clause.Expression{k.after()}})
}

// fits tells whether the value can be compared with the column. MySQL refuses a time and a text that is none, and SQLite
// makes something of them that is wrong. Where the rows have no model nothing is known.
func (k Keyset) fits(statement *gorm.Statement) bool {
	model := statement.Model
	if model == nil {
		model = statement.Dest
	}
	if k.Column == idColumn || statement.Parse(model) != nil {
		return true
	}
	field := statement.Schema.LookUpField(k.Column)
	if field == nil {
		return true
	}
	switch k.Value.(type) {
	case string:
		return field.GORMDataType == schema.String
	case int64:
		return field.GORMDataType == schema.Int || field.GORMDataType == schema.Uint
	case time.Time:
		return field.GORMDataType == schema.Time
	default:
		return true // of no cursor
	}
}

// group puts the conditions that the query has so far in brackets: without them what is added would belong to the last
// operand of an OR alone.
func group(statement *gorm.Statement) {
	where := statement.Clauses["WHERE"]
	if conditions, ok := where.Expression.(clause.Where); ok && len(conditions.Exprs) > 1 {
		where.Expression = clause.Where{Exprs: []clause.Expression{clause.And(conditions.Exprs...)}}
		statement.Clauses["WHERE"] = where
	}
}

// after is true of the rows behind the last one. A row value comparison, (column, id) > (?, ?), would say the same, but
// Oracle has none and MySQL uses no index for it.
func (k Keyset) after() clause.Expression {
	beyondID := beyond(idColumn, k.ID, k.Desc)
	if k.Column == idColumn {
		return beyondID
	}
	var from clause.Expression = clause.Gte{Column: column(k.Column), Value: k.Value}
	if k.Desc {
		from = clause.Lte{Column: column(k.Column), Value: k.Value}
	}
	return clause.And(from, clause.Or(beyond(k.Column, k.Value, k.Desc), beyondID))
}

func beyond(name string, value any, desc bool) clause.Expression {
	if desc {
		return clause.Lt{Column: column(name), Value: value}
	}
	return clause.Gt{Column: column(name), Value: value}
}

func column(name string) clause.Column { return clause.Column{Table: clause.CurrentTable, Name: name} }
