package autogen

import (
	"ariga.io/atlas/sql/schema"
)

// sqliteChanges makes a new column that is NOT NULL and has no default one that SQLite takes: ADD COLUMN refuses it, so
// that the table has to be rebuilt, and rows that exist get what MySQL would give them, the empty text or 0. For a time
// there is no such value on either; there rows make it fail.
func sqliteChanges(changes []schema.Change) []schema.Change {
	for _, change := range changes {
		modify, ok := change.(*schema.ModifyTable)
		if !ok {
			continue
		}
		for i, change := range modify.Changes {
			add, ok := change.(*schema.AddColumn)
			if !ok || add.C.Type.Null || add.C.Default != nil {
				continue
			}
			// An attribute that changes makes atlas rebuild the table.
			modify.Changes = append(modify.Changes, &schema.ModifyAttr{})
			if zero := sqliteZero(add.C); zero != "" {
				// While it copies rows, atlas takes a name with backticks for an expression.
				from := *add.C
				from.Name = zero + " AS `" + add.C.Name + "`"
				modify.Changes[i] = &schema.RenameColumn{From: &from, To: add.C}
			}
		}
	}
	return changes
}

func sqliteZero(column *schema.Column) string {
	switch column.Type.Type.(type) {
	case *schema.StringType:
		return "''"
	case *schema.IntegerType, *schema.DecimalType, *schema.FloatType, *schema.BoolType:
		return "0"
	default:
		return ""
	}
}
