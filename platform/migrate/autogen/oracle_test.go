package autogen_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/migrate/autogen"
	"github.com/trellis-go/trellis/test/testkit"
)

// golden compares what is written for Oracle with a file of testdata/oracle, which the grammar reads, too.
func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", "oracle", strings.NewReplacer(" ", "_", ",", "").Replace(name)+".sql")
	if testkit.Updates() {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run with -update, and read it\n%s", text)
	assert.Equal(t, string(want), text)
}

// everything is a row of every type.
type everything struct {
	ID       string   `gorm:"size:36;primaryKey"`
	Size     int32    `gorm:"not null;index:shop_everything_size,sort:desc"` // a word that Oracle reserves
	Small    int8     `gorm:"not null;check:shop_everything_small,small > 0"`
	Share    float64  `gorm:"not null"`
	Price    float64  `gorm:"precision:10;scale:2;not null;default:1.5"`
	Raw      []byte   `gorm:"not null"`
	Key      []byte   `gorm:"size:32"`
	Title    string   `gorm:"size:2000"`
	Text     string   `gorm:"not null;default:''"`
	Code     string   `gorm:"type:char(2);not null;unique"`
	ParentID *string  `gorm:"size:36"`
	Parent   *Order   `gorm:"constraint:OnDelete:SET NULL"`
	Counted  uint64   `gorm:"not null"`
	Ratio    *float32 `gorm:"type:decimal(5,2)"`
}

func (everything) TableName() string { return "shop_everything" }

func TestOnOracleEveryTypeIsWritten(t *testing.T) {
	h := newHistory(autogen.Oracle())
	text := compare(t, h.engine, h, &Order{}, &everything{}).File()
	golden(t, "every type", text)
	h.add("1_all.sql", text)
	assert.Empty(t, compare(t, h.engine, h, &Order{}, &everything{}).Up)
	h.add("2_back.sql", back(t, text))
	assert.Len(t, compare(t, h.engine, h).Up, 0)
}

type tooLong struct {
	ID string `gorm:"primaryKey;column:this_is_an_id_that_is_longer_than_the_one_hundred_and_twenty_eight_bytes_that_a_name_may_have_on_oracle_since_version_twelve_two_and_so_on"`
}

func (tooLong) TableName() string { return "shop_long" }

type sameIndex struct {
	ID   string `gorm:"size:36;primaryKey"`
	Note string `gorm:"size:10;index:shop_orders_amount"`
}

func (sameIndex) TableName() string { return "shop_same" }

func TestOnOracleNamesThatItDoesNotTakeAreRefused(t *testing.T) {
	for want, model := range map[string]any{
		"Oracle takes 128": &tooLong{}, "the names of indexes are the schema's": &sameIndex{},
	} {
		_, err := autogen.Oracle().Compare(t.Context(), newHistory(autogen.Oracle()), shop(&Order{}, model))
		assert.ErrorContains(t, err, want)
	}
}
