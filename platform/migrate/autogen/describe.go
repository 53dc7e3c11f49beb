package autogen

import (
	"fmt"

	"ariga.io/atlas/sql/schema"
)

// describe says in words what the reader of the file must know.
func (d *Difference) describe(changes []schema.Change) {
	var added, dropped int
	for _, change := range changes {
		switch change := change.(type) {
		case *schema.AddTable:
			added++
		case *schema.DropTable:
			dropped++
			d.Destructive = append(d.Destructive, fmt.Sprintf("the table %s is dropped", change.T.Name))
		case *schema.ModifyTable:
			d.describeTable(change)
		}
	}
	if added > 0 && dropped > 0 {
		d.Warnings = append(d.Warnings, "a table goes and another comes: if it only has a new name, write ALTER TABLE … RENAME TO")
	}
}

func (d *Difference) describeTable(modify *schema.ModifyTable) {
	var added, dropped int
	for _, change := range modify.Changes {
		switch change := change.(type) {
		case *schema.AddColumn:
			added++
		case *schema.DropColumn:
			dropped++
			d.Destructive = append(d.Destructive, fmt.Sprintf("the column %s.%s is dropped", modify.T.Name, change.C.Name))
		case *schema.ModifyColumn:
			if change.Change.Is(schema.ChangeType) {
				d.Warnings = append(d.Warnings, fmt.Sprintf("the type of %s.%s changes: see that every value fits", modify.T.Name, change.To.Name))
			}
			if change.Change.Is(schema.ChangeNull) && !change.To.Type.Null {
				d.Warnings = append(d.Warnings, fmt.Sprintf("%s.%s becomes NOT NULL: give rows without a value one first", modify.T.Name, change.To.Name))
			}
		}
	}
	if added > 0 && dropped > 0 {
		d.Warnings = append(d.Warnings, fmt.Sprintf(
			"a column of %s goes and another comes: if it only has a new name, write ALTER TABLE … RENAME COLUMN", modify.T.Name))
	}
}
