package database

import (
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/cengsin/oracle"
	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/migrator"
	"gorm.io/gorm/schema"
)

// oracleDialect is gorm's for Oracle, with our translation of errors, and with what it writes wrong corrected. All of the
// dialect is here and in oracle_create.go, all of the values and names in oracle_conn.go: a repository does not know.
//
// It keeps the names as the models have them. The original makes them capital, and then neither Omit("created_at") nor
// a map with "deleted_at" finds its field. Unquoted, they are the same to Oracle.
type oracleDialect struct{ *oracle.Dialector }

func newOracleDialect(pool *sql.DB) oracleDialect {
	dialector, _ := oracle.New(oracle.Config{Conn: pool, VarcharSizeIsCharLength: true}).(*oracle.Dialector)
	return oracleDialect{dialector}
}

// Initialize prepares handle. It does not ask for the version, as the original does: that would connect.
func (d oracleDialect) Initialize(handle *gorm.DB) error {
	handle.ConnPool = d.Conn
	callbacks.RegisterDefaultCallbacks(handle, &callbacks.Config{
		CreateClauses: []string{"INSERT", "VALUES", "ON CONFLICT"},
		UpdateClauses: []string{"UPDATE", "SET", "WHERE"},
		DeleteClauses: []string{"DELETE", "FROM", "WHERE"},
	})
	for name, build := range d.ClauseBuilders() {
		handle.ClauseBuilders[name] = build
	}
	on := handle.Callback()
	return errors.Join(
		on.Create().Replace("gorm:create", oracleCreate),
		on.Query().Before("gorm:query").Register("trellis:oracle", oracleLocking),
		on.Row().Before("gorm:row").Register("trellis:oracle", oracleLocking),
	)
}

// Translate makes gorm.ErrorTranslator of it.
func (oracleDialect) Translate(err error) error { return translate(err, classifyOracle) }

// ClauseBuilders are the clauses that are not written as elsewhere.
func (oracleDialect) ClauseBuilders() map[string]clause.ClauseBuilder {
	return map[string]clause.ClauseBuilder{
		// The original orders by the primary key where there is no order, which no aggregate allows.
		"LIMIT": func(c clause.Clause, builder clause.Builder) {
			limit, ok := c.Expression.(clause.Limit)
			if !ok {
				return
			}
			if limit.Offset > 0 {
				_, _ = builder.WriteString("OFFSET ")
				builder.AddVar(builder, limit.Offset)
				_, _ = builder.WriteString(" ROWS")
			}
			if limit.Limit != nil && *limit.Limit >= 0 {
				if limit.Offset > 0 {
					_ = builder.WriteByte(' ')
				}
				_, _ = builder.WriteString("FETCH NEXT ")
				builder.AddVar(builder, *limit.Limit)
				_, _ = builder.WriteString(" ROWS ONLY")
			}
		},
	}
}

// oracleLocking makes a query that locks rows one that Oracle takes and that does not wait for ever.
//
// FETCH NEXT cannot be locked. Without an order a condition on ROWNUM does the same; with one the rows are chosen in a
// subquery: so SKIP LOCKED passes over locked ones among the first that it asked for, and may give fewer.
func oracleLocking(db *gorm.DB) {
	statement := db.Statement
	locks, found := statement.Clauses["FOR"]
	locking, ok := locks.Expression.(clause.Locking)
	if !found || !ok || db.Error != nil {
		return
	}
	locking.Strength = clause.LockingStrengthUpdate // there is no weaker lock of rows
	if locking.Options == "" {
		locking.Options = fmt.Sprintf("WAIT %d", oracleLockWait)
	}
	locks.Expression = locking
	statement.Clauses["FOR"] = locks
	limits, limited := statement.Clauses["LIMIT"]
	limit, _ := limits.Expression.(clause.Limit)
	if !limited || limit.Limit == nil {
		return
	}
	delete(statement.Clauses, "LIMIT")
	group(statement)
	if _, ordered := statement.Clauses["ORDER BY"]; !ordered && limit.Offset == 0 {
		statement.AddClause(clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "ROWNUM <= ?", Vars: []any{*limit.Limit}}}})
		return
	}
	_ = db.AddError(oracleChosen(db, limits))
}

// oracleChosen puts order and limit of a query that locks into a subquery.
func oracleChosen(db *gorm.DB, limit clause.Clause) error {
	statement := db.Statement
	if _, joined := statement.Clauses["GROUP BY"]; joined || len(statement.Joins) > 0 {
		return errors.New("rows of a join or a group cannot be locked with an order and a limit")
	}
	chosen := db.Session(&gorm.Session{NewDB: true}).Table(statement.Table).Select("ROWID")
	for _, name := range []string{"WHERE", "ORDER BY"} {
		if clause, found := statement.Clauses[name]; found {
			chosen.Statement.Clauses[name] = clause
		}
	}
	chosen.Statement.Clauses["LIMIT"] = limit
	delete(statement.Clauses, "WHERE")
	statement.AddClause(clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "ROWID IN (?)", Vars: []any{chosen}}}})
	return nil
}

var oracleIdentifier = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_$#]*$`)

// QuoteTo writes a name. Only what Oracle reserves is quoted, in the capitals in which it stores what is not.
func (oracleDialect) QuoteTo(writer clause.Writer, name string) {
	for i, part := range strings.Split(name, ".") {
		if i > 0 {
			_ = writer.WriteByte('.')
		}
		_, _ = writer.WriteString(oracleName(part))
	}
}

func oracleName(name string) string {
	if upper := strings.ToUpper(name); oracleReserved[upper] && oracleIdentifier.MatchString(name) {
		return `"` + upper + `"`
	}
	return name
}

// DefaultValueOf is what stands for a value that the database is to choose. The original writes VALUES once more.
func (oracleDialect) DefaultValueOf(*schema.Field) clause.Expression {
	return clause.Expr{SQL: "DEFAULT"}
}

// Migrator answers what the platform asks: which tables there are. Nothing makes tables of models at run time.
func (d oracleDialect) Migrator(db *gorm.DB) gorm.Migrator {
	return oracleMigrator{migrator.Migrator{Config: migrator.Config{DB: db, Dialector: d}}}
}

type oracleMigrator struct{ migrator.Migrator }

// GetTables are the user's tables, in small letters.
func (m oracleMigrator) GetTables() ([]string, error) {
	var tables []string
	err := m.DB.Raw("SELECT LOWER(table_name) FROM user_tables").Scan(&tables).Error
	return tables, err
}
