package autogen_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/trellis-go/trellis/platform/migrate/autogen"
)

// parcel refers to a box, with no index of its own on the reference.
type parcel struct {
	ID    string `gorm:"size:36;primaryKey"`
	BoxID string `gorm:"size:36;not null"`
	Box   *box
}

type box struct {
	ID string `gorm:"size:36;primaryKey"`
}

func (parcel) TableName() string { return "shop_parcels" }
func (box) TableName() string    { return "shop_boxes" }

// byHand is what people write for the two models; the type of ids and what ends the foreign key are for the test.
func byHand(id, key string) string {
	return "-- +goose Up\nCREATE TABLE shop_boxes (id " + id + " NOT NULL PRIMARY KEY);\n" +
		"CREATE TABLE shop_parcels (id " + id + " NOT NULL PRIMARY KEY, box_id " + id + " NOT NULL,\n" +
		"  CONSTRAINT our_name FOREIGN KEY (box_id) REFERENCES shop_boxes (id) " + key + ");\n"
}

func TestWhatGormCannotSayIsNoDifference(t *testing.T) {
	for name, test := range map[string]struct {
		sqlite, mysql, oracle, key string // where there is no type, there is no such thing
		differ                     bool
	}{
		"the model as it is":            {"TEXT", "VARCHAR(36)", "VARCHAR2(36)", "", false},
		"a fixed length":                {"TEXT", "CHAR(36)", "", "", false},
		"actions that come to the same": {"TEXT", "VARCHAR(36)", "", "ON DELETE RESTRICT ON UPDATE NO ACTION", false},
		"and the other way round":       {"TEXT", "VARCHAR(36)", "", "ON DELETE NO ACTION ON UPDATE RESTRICT", false},
		"another length":                {"INTEGER", "CHAR(40)", "VARCHAR2(40 CHAR)", "", true},
		"rows that go with others":      {"TEXT", "VARCHAR(36)", "VARCHAR2(36 CHAR)", "ON DELETE CASCADE", true},
		"keys that change with others":  {"TEXT", "VARCHAR(36)", "", "ON UPDATE CASCADE", true},
	} {
		eachEngine(t, func(t *testing.T, engine autogen.Engine) {
			id := map[string]string{"sqlite": test.sqlite, "mysql": test.mysql, "oracle": test.oracle}[engine.Name()]
			if id == "" {
				return
			}
			t.Run(name, func(t *testing.T) {
				h := newHistory(engine)
				h.add("1_by_hand.sql", byHand(id, test.key))
				difference := compare(t, engine, h, &parcel{}, &box{})
				assert.Equal(t, test.differ, !difference.Empty(), "%v", difference.Up)
			})
		})
	}
}
