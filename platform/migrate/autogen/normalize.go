package autogen

import (
	"slices"

	"ariga.io/atlas/sql/schema"
)

// normalize takes out of the comparison what gorm cannot say, or what is the same in other words. The schema that the
// models want becomes as the migrations have it in these points, and in no other:
//
//   - a column of a primary key is NOT NULL: SQLite alone lets it be NULL, and gorm does not say it;
//   - CHAR(n) and VARCHAR(n) of the same n: gorm makes only VARCHAR of a size;
//   - the name of a foreign key between the same columns: SQLite does not keep it, and gorm has names of its own;
//   - NO ACTION and RESTRICT of a foreign key: they differ only for constraints checked at the commit, which are not used;
//   - an index that the server made for a foreign key by itself.
func normalize(have, want *schema.Schema) {
	for _, table := range want.Tables {
		if table.PrimaryKey != nil {
			for _, part := range table.PrimaryKey.Parts {
				part.C.Type.Null = false
			}
		}
		if before, found := have.Table(table.Name); found {
			normalizeColumns(before, table)
			normalizeForeignKeys(before, table)
		}
	}
}

func normalizeColumns(have, want *schema.Table) {
	for _, column := range want.Columns {
		before, found := have.Column(column.Name)
		if !found {
			continue
		}
		from, isText := before.Type.Type.(*schema.StringType)
		to, isTextToo := column.Type.Type.(*schema.StringType)
		if isText && isTextToo && from.Size > 0 && from.Size == to.Size && from.T == "char" && to.T == "varchar" {
			column.Type.Type, column.Type.Raw = before.Type.Type, before.Type.Raw
		}
	}
}

func normalizeForeignKeys(have, want *schema.Table) {
	for _, key := range want.ForeignKeys {
		i := slices.IndexFunc(have.ForeignKeys, func(before *schema.ForeignKey) bool { return sameReference(before, key) })
		if i < 0 {
			continue
		}
		before := have.ForeignKeys[i]
		implied, _ := want.Index(key.Symbol)
		if _, named := have.Index(before.Symbol); named && implied != nil {
			implied.Name = before.Symbol
		}
		key.Symbol = before.Symbol
		if harmless(before.OnDelete) && harmless(key.OnDelete) {
			key.OnDelete = before.OnDelete
		}
		if harmless(before.OnUpdate) && harmless(key.OnUpdate) {
			key.OnUpdate = before.OnUpdate
		}
	}
}

func harmless(option schema.ReferenceOption) bool {
	return option == "" || option == schema.NoAction || option == schema.Restrict
}

// sameReference tells whether two foreign keys are of the same columns to the same columns.
func sameReference(a, b *schema.ForeignKey) bool {
	same := func(a, b *schema.Column) bool { return a.Name == b.Name }
	return a.RefTable.Name == b.RefTable.Name && slices.EqualFunc(a.Columns, b.Columns, same) &&
		slices.EqualFunc(a.RefColumns, b.RefColumns, same)
}
