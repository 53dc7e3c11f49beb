package database

import (
	"fmt"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"github.com/trellis-go/trellis/platform/problem"
)

const (
	// oracleMostColumns is how many columns all rows of one INSERT ALL may have together.
	oracleMostColumns = 999
	// oracleMergeAttempts bounds the repetition of a MERGE that met what another transaction had just committed.
	oracleMergeAttempts = 3
	oracleSavepoint     = "trellis_create"
)

// oracleCreate is gorm's insert. Oracle has no VALUES of several rows before 23ai and no ON CONFLICT: it takes INSERT ALL,
// and MERGE. The original inserts row by row, and merges by the primary key alone, whatever other key is in conflict.
func oracleCreate(db *gorm.DB) {
	if db.Error != nil {
		return
	}
	statement := db.Statement
	if statement.Schema != nil && !statement.Unscoped {
		for _, c := range statement.Schema.CreateClauses {
			statement.AddClause(c)
		}
	}
	if statement.SQL.Len() > 0 { // written before, by DryRun or a plugin
		_ = db.AddError(oracleExec(db))
		return
	}
	values := callbacks.ConvertToCreateValues(statement)
	if db.Error != nil {
		return
	}
	conflict, onConflict := statement.Clauses["ON CONFLICT"].Expression.(clause.OnConflict)
	writes, rows := oracleInsert, max(1, oracleMostColumns/max(1, len(values.Columns)))
	if numbered(statement.Schema, values.Columns) {
		rows = 1 // all rows of an INSERT ALL would get the same number
	}
	if onConflict {
		keys, err := oracleKeys(statement.Schema, conflict, values.Columns)
		if err != nil {
			_ = db.AddError(err)
			return
		}
		writes, rows = oracleMerge(keys, conflict), 1
	}
	_ = db.AddError(oracleWrite(db, values, rows, writes))
}

// numbered tells whether the database gives the rows a value that is not among those sent, such as a number.
func numbered(model *schema.Schema, columns []clause.Column) bool {
	return model != nil && slices.ContainsFunc(model.FieldsWithDefaultDBValue, func(field *schema.Field) bool {
		return !slices.ContainsFunc(columns, func(c clause.Column) bool { return c.Name == field.DBName })
	})
}

// oracleWrite writes the rows in as many statements as it takes: all of them or none.
func oracleWrite(db *gorm.DB, values clause.Values, rows int, writes func(*gorm.Statement, clause.Values)) error {
	statement := db.Statement
	run := func(chunk [][]any) error {
		statement.SQL.Reset()
		statement.Vars = nil
		writes(statement, clause.Values{Columns: values.Columns, Values: chunk})
		if db.DryRun {
			return db.Error
		}
		if err := db.Error; err != nil {
			return err
		}
		return oracleExec(db)
	}
	if len(values.Values) <= rows {
		return run(values.Values)
	}
	return oracleAtomic(db, func() error {
		for chunk := range slices.Chunk(values.Values, rows) {
			if err := run(chunk); err != nil {
				return err
			}
		}
		return nil
	})
}

// oracleAtomic runs several statements as if they were one: within a transaction behind a savepoint, or else in a
// transaction of their own.
func oracleAtomic(db *gorm.DB, fn func() error) (err error) {
	statement := db.Statement
	if _, inside := statement.ConnPool.(gorm.TxCommitter); inside {
		if _, err := statement.ConnPool.ExecContext(statement.Context, "SAVEPOINT "+oracleSavepoint); err != nil {
			return err
		}
		if err := fn(); err != nil {
			_, _ = statement.ConnPool.ExecContext(statement.Context, "ROLLBACK TO SAVEPOINT "+oracleSavepoint)
			return err
		}
		return nil
	}
	beginner, ok := statement.ConnPool.(gorm.TxBeginner)
	if !ok {
		return problem.Trace(fmt.Errorf("%T begins no transactions", statement.ConnPool))
	}
	tx, err := beginner.BeginTx(statement.Context, nil)
	if err != nil {
		return err
	}
	pool := statement.ConnPool
	statement.ConnPool = tx
	defer func() { statement.ConnPool = pool }()
	if err := fn(); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

// oracleExec runs the statement and counts its rows. A MERGE looks at what is committed when it begins: when it fails on a
// key that another transaction has just taken, it finds it the next time.
func oracleExec(db *gorm.DB) error {
	statement := db.Statement
	if db.DryRun {
		return nil
	}
	_, merges := statement.Clauses["ON CONFLICT"]
	for attempt := 1; ; attempt++ {
		result, err := statement.ConnPool.ExecContext(statement.Context, statement.SQL.String(), statement.Vars...)
		if err != nil {
			if merges && oracleCode(err) == oraDuplicate && attempt < oracleMergeAttempts {
				continue
			}
			return err
		}
		affected, err := result.RowsAffected()
		db.RowsAffected += affected
		return err
	}
}

// oracleInsert writes INSERT for one row, and INSERT ALL for several.
func oracleInsert(statement *gorm.Statement, values clause.Values) {
	several := len(values.Values) > 1
	oracleWord(statement, "INSERT")
	if several {
		oracleWord(statement, " ALL")
	}
	for _, row := range values.Values {
		oracleWord(statement, " INTO ")
		statement.WriteQuoted(statement.Table)
		oracleWord(statement, " (")
		oracleList(statement, values.Columns, func(i int) { statement.WriteQuoted(values.Columns[i].Name) })
		oracleWord(statement, ") VALUES (")
		oracleList(statement, row, func(i int) { statement.AddVar(statement, row[i]) })
		oracleWord(statement, ")")
	}
	if several {
		oracleWord(statement, " SELECT 1 FROM DUAL")
	}
}

// oracleMerge writes a MERGE of one row.
func oracleMerge(keys [][]string, conflict clause.OnConflict) func(*gorm.Statement, clause.Values) {
	const row = "excluded" // as in ON CONFLICT
	return func(statement *gorm.Statement, values clause.Values) {
		of := func(table, name string) { statement.WriteQuoted(clause.Column{Table: table, Name: name}) }
		oracleWord(statement, "MERGE INTO ")
		statement.WriteQuoted(statement.Table)
		oracleWord(statement, " USING (SELECT ")
		oracleList(statement, values.Columns, func(i int) {
			statement.AddVar(statement, values.Values[0][i])
			oracleWord(statement, " AS ")
			statement.WriteQuoted(values.Columns[i].Name)
		})
		oracleWord(statement, " FROM DUAL) "+row+" ON (")
		for i, key := range keys {
			if i > 0 {
				oracleWord(statement, " OR ")
			}
			for j, column := range key {
				if j > 0 {
					oracleWord(statement, " AND ")
				}
				of(statement.Table, column)
				oracleWord(statement, " = ")
				of(row, column)
			}
		}
		oracleWord(statement, ")")
		oracleMatched(statement, keys, conflict)
		oracleWord(statement, " WHEN NOT MATCHED THEN INSERT (")
		oracleList(statement, values.Columns, func(i int) { statement.WriteQuoted(values.Columns[i].Name) })
		oracleWord(statement, ") VALUES (")
		oracleList(statement, values.Columns, func(i int) { of(row, values.Columns[i].Name) })
		oracleWord(statement, ")")
	}
}

// oracleMatched writes what happens to a row that is there. Columns of the key stay: they are equal, and Oracle refuses to
// set what it has compared.
func oracleMatched(statement *gorm.Statement, keys [][]string, conflict clause.OnConflict) {
	updates := slices.DeleteFunc(slices.Clone(conflict.DoUpdates), func(a clause.Assignment) bool {
		return slices.ContainsFunc(keys, func(key []string) bool { return slices.Contains(key, a.Column.Name) })
	})
	if len(updates) == 0 {
		return
	}
	oracleWord(statement, " WHEN MATCHED THEN UPDATE SET ")
	oracleList(statement, updates, func(i int) {
		statement.WriteQuoted(clause.Column{Table: statement.Table, Name: updates[i].Column.Name})
		oracleWord(statement, " = ")
		statement.AddVar(statement, updates[i].Value)
	})
	if len(conflict.Where.Exprs) > 0 {
		oracleWord(statement, " WHERE ")
		conflict.Where.Build(statement)
	}
}

// oracleKeys are the keys that a row may be in conflict by: the one that is named, or else every unique one of the model
// whose columns are all given.
func oracleKeys(model *schema.Schema, conflict clause.OnConflict, columns []clause.Column) ([][]string, error) {
	var keys [][]string
	var named []string
	for _, column := range conflict.Columns {
		named = append(named, column.Name)
	}
	switch {
	case len(named) > 0:
		keys = [][]string{named}
	case model != nil:
		keys = append(keys, model.PrimaryFieldDBNames)
		for _, index := range model.ParseIndexes() {
			if index.Class != "UNIQUE" {
				continue
			}
			var key []string
			for _, field := range index.Fields {
				key = append(key, field.DBName)
			}
			keys = append(keys, key)
		}
	}
	keys = slices.DeleteFunc(keys, func(key []string) bool {
		return len(key) == 0 || slices.ContainsFunc(key, func(name string) bool {
			return !slices.ContainsFunc(columns, func(c clause.Column) bool { return c.Name == name })
		})
	})
	if len(keys) == 0 {
		return nil, problem.Trace(fmt.Errorf("ON CONFLICT: no unique key of the row is given"))
	}
	return keys, nil
}

func oracleWord(statement *gorm.Statement, text string) { _, _ = statement.WriteString(text) }

// oracleList writes an element for each, with commas between them.
func oracleList[T any](statement *gorm.Statement, all []T, element func(i int)) {
	for i := range all {
		if i > 0 {
			oracleWord(statement, ",")
		}
		element(i)
	}
}
