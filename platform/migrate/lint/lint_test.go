package lint_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform/migrate/lint"
	"github.com/trellis-go/trellis/platform/migrate/sqlfile"
)

// before is the schema that the statements under test find.
const before = `-- +goose Up
CREATE TABLE shop_orders (
    id     VARCHAR(36) NOT NULL PRIMARY KEY,
    note   VARCHAR(100),
    amount BIGINT NOT NULL DEFAULT 0,
    price  DECIMAL(10,2) NOT NULL,
    at     DATETIME(6) NOT NULL
);
-- +goose Down
DROP TABLE shop_orders;
`

const down = "\n-- +goose Down\nSELECT 1;\n"

// findings is what lint says about one file after the one above, without those of the other.
func findings(t *testing.T, engine, text string) []string {
	t.Helper()
	found, err := lint.Check(fstest.MapFS{
		engine + "/1_before.sql": {Data: []byte(before)}, engine + "/2_after.sql": {Data: []byte(text)},
	}, []string{engine})
	require.NoError(t, err)
	lines := []string{}
	for _, one := range found {
		lines = append(lines, one.String())
	}
	return lines
}

type specification struct {
	statement string
	rule      string // empty: nothing is found
}

func check(t *testing.T, engine string, specifications map[string]specification) {
	t.Helper()
	for name, spec := range specifications {
		t.Run(engine+": "+name, func(t *testing.T) {
			found := findings(t, engine, "-- +goose Up\n"+spec.statement+down)
			if spec.rule == "" {
				assert.Empty(t, found)
				return
			}
			require.Len(t, found, 1)
			assert.Contains(t, found[0], engine+"/2_after.sql:2: "+spec.rule+": ")
		})
	}
}

func TestWhatIsLostIsDestructive(t *testing.T) {
	for _, engine := range []string{"mysql", "sqlite"} {
		check(t, engine, map[string]specification{
			"a table goes":                 {"DROP TABLE shop_orders;", lint.Destructive},
			"a table goes, if it is there": {"drop table if exists `shop_orders`;", lint.Destructive},
			"a column goes":                {"ALTER TABLE shop_orders DROP COLUMN note;", lint.Destructive},
			"a column goes, in short":      {"ALTER TABLE `shop_orders` DROP `note`;", lint.Destructive},
			"a column goes, of several":    {"ALTER TABLE shop_orders ADD COLUMN b INT, DROP COLUMN note;", lint.Destructive},
			"every row goes":               {"DELETE FROM shop_orders;", lint.Destructive},
			"some rows go":                 {"DELETE FROM shop_orders WHERE amount = 0;", ""},
			"a table gets another name":    {"ALTER TABLE shop_orders RENAME TO shop_sales;", lint.Destructive},
			"a column gets another name":   {"ALTER TABLE shop_orders RENAME COLUMN note TO notes;", lint.Destructive},
			"an index goes":                {"DROP INDEX shop_orders_at;", ""},
			"a word in a comment":          {"SELECT 1; -- DROP TABLE shop_orders;", ""},
			"a word in a text":             {"INSERT INTO shop_orders (id, note) VALUES ('1', 'x; DROP TABLE a');", ""},
		})
	}
	check(t, "mysql", map[string]specification{
		"truncation":    {"TRUNCATE TABLE shop_orders;", lint.Destructive},
		"rename table":  {"RENAME TABLE shop_orders TO shop_sales;", lint.Destructive},
		"another index": {"ALTER TABLE shop_orders RENAME INDEX a TO b;", ""},
		"changed name":  {"ALTER TABLE shop_orders CHANGE note notes VARCHAR(100), ALGORITHM=INPLACE;", lint.Destructive},
	})
}

func TestWhatStandsBehindANameHidesNothing(t *testing.T) {
	check(t, "mysql", map[string]specification{
		"a column, restricted":        {"ALTER TABLE shop_orders DROP COLUMN note RESTRICT;", lint.Destructive},
		"a column in short":           {"ALTER TABLE shop_orders DROP note CASCADE;", lint.Destructive},
		"a column, if it is there":    {"ALTER TABLE shop_orders DROP COLUMN IF EXISTS note, ALGORITHM=INPLACE;", lint.Destructive},
		"a column that is a key word": {"ALTER TABLE shop_orders DROP `key`;", lint.Destructive},
		"a column, after a wait":      {"ALTER ONLINE TABLE shop_orders WAIT 5 DROP COLUMN note;", lint.Destructive},
		"a partition":                 {"ALTER TABLE shop_orders DROP PARTITION p0, p1;", lint.Destructive},
		"rows of a partition":         {"ALTER TABLE shop_orders TRUNCATE PARTITION p0;", lint.Destructive},
		"truncation":                  {"TRUNCATE TABLE shop_orders WAIT 5;", lint.Destructive},
		"truncation in short":         {"TRUNCATE shop_orders NOWAIT;", lint.Destructive},
		"every row":                   {"DELETE QUICK FROM shop_orders RETURNING id;", lint.Destructive},
		"some rows":                   {"DELETE FROM shop_orders ORDER BY at LIMIT 10;", ""},
		"a table":                     {"DROP TABLES shop_orders WAIT 5;", lint.Destructive},
		"a table that is replaced":    {"CREATE OR REPLACE TABLE shop_orders (id INT);", lint.Destructive},
		"a table replaced by another": {"CREATE OR REPLACE TABLE shop_orders LIKE shop_lines;", lint.Destructive},
		"a table of the same file": {"CREATE TABLE b (id INT);\n-- lint: allow one-ddl: both are new\n" +
			"CREATE OR REPLACE TABLE b (id INT);\nTRUNCATE TABLE b WAIT 5;\nDELETE FROM b RETURNING id;", ""},
	})
	check(t, "clickhouse", map[string]specification{
		"a column":              {"ALTER TABLE shop_orders DROP COLUMN note SETTINGS mutations_sync = 2, alter_sync = 2;", lint.Destructive},
		"a nested column":       {"ALTER TABLE shop_orders DROP COLUMN notes.text SETTINGS mutations_sync = 2;", lint.Destructive},
		"a column of a cluster": {"ALTER TABLE shop_orders ON CLUSTER main DROP COLUMN note;", lint.Destructive},
		"truncation":            {"TRUNCATE TABLE IF EXISTS shop_orders ON CLUSTER main SYNC;", lint.Destructive},
		"a table":               {"REPLACE TABLE shop_orders (id Int64) ENGINE = Memory;", lint.Destructive},
		"an index":              {"ALTER TABLE shop_orders DROP INDEX i SETTINGS mutations_sync = 2;", ""},
		"a projection":          {"ALTER TABLE shop_orders DROP PROJECTION p SETTINGS mutations_sync = 2;", ""},
	})
	check(t, "oracle", map[string]specification{
		"a column":                 {"ALTER TABLE shop_orders DROP COLUMN note CASCADE CONSTRAINTS;", lint.Destructive},
		"a column, in parentheses": {"ALTER TABLE shop_orders DROP (note) CASCADE CONSTRAINTS;", lint.Destructive},
		"truncation":               {"TRUNCATE TABLE shop_orders DROP STORAGE;", lint.Destructive},
		"a unique constraint":      {"ALTER TABLE shop_orders DROP UNIQUE (note) CASCADE;", ""},
		"a constraint":             {"ALTER TABLE shop_orders DROP CONSTRAINT c CASCADE;", ""},
		"the primary key":          {"ALTER TABLE shop_orders DROP PRIMARY KEY CASCADE;", ""},
	})
}

func TestWhatIsNoColumnIsNoneWhenItGoes(t *testing.T) {
	for _, what := range []string{
		"INDEX i", "INDEX IF EXISTS i", "KEY i", "CONSTRAINT c", "CONSTRAINT IF EXISTS c", "FOREIGN KEY fk", "CHECK c", "SYSTEM VERSIONING",
		"PERIOD FOR at",
	} {
		check(t, "mysql", map[string]specification{what: {"ALTER TABLE shop_orders DROP " + what + ", ALGORITHM=INPLACE;", ""}})
	}
}

func TestATableIsKnownBehindTheNameOfItsDatabase(t *testing.T) {
	check(t, "mysql", map[string]specification{
		"a column":      {"ALTER TABLE shop.shop_orders DROP COLUMN note;", lint.Destructive},
		"in quotes":     {"ALTER TABLE `my-shop`.`shop_orders` DROP COLUMN note;", lint.Destructive},
		"its name":      {"RENAME TABLE shop.shop_orders TO shop.shop_sales;", lint.Destructive},
		"every row":     {"DELETE FROM shop.shop_orders;", lint.Destructive},
		"truncation":    {"TRUNCATE TABLE shop.shop_orders;", lint.Destructive},
		"a replacement": {"CREATE OR REPLACE TABLE shop.shop_orders (id INT);", lint.Destructive},
		"a lock":        {"UPDATE shop.shop_orders SET amount = 1;", lint.Locking},
		"a type":        {"ALTER TABLE shop.shop_orders MODIFY note VARCHAR(9), ALGORITHM=INPLACE;", lint.Destructive},
		"of a new one": {"CREATE TABLE shop.b (id INT);\n-- lint: allow one-ddl: new\nCREATE INDEX i ON shop.b (id);\n" +
			"TRUNCATE TABLE b;", ""},
	})
	assert.Equal(t, []string{"clickhouse/2_after.sql:2: destructive: the table shop_orders is dropped"},
		findings(t, "clickhouse", "-- +goose Up\nDROP TABLE shop.shop_orders SYNC;"+down))
	assert.Equal(t, []string{"sqlite/2_after.sql:2: destructive: the column shop_orders.at is dropped"},
		findings(t, "sqlite", "-- +goose Up\nCREATE TABLE main.b (id VARCHAR(36), note VARCHAR(100), amount BIGINT, price DECIMAL(10,2));\n"+
			"INSERT INTO main.b (id, note, amount, price) SELECT id, note, amount, price FROM main.shop_orders;\n"+
			"DROP TABLE main.shop_orders;\nALTER TABLE main.b RENAME TO shop_orders;"+down))
}

func TestANarrowerTypeIsDestructive(t *testing.T) {
	for definition, rule := range map[string]string{
		"note VARCHAR(99)":              lint.Destructive,
		"note VARCHAR(200)":             "",
		"note TEXT":                     "",
		"note TINYTEXT":                 "",
		"note INT":                      lint.Destructive,
		"amount INT NOT NULL DEFAULT 0": lint.Destructive,
		"amount BIGINT UNSIGNED NOT NULL DEFAULT 0":  lint.Destructive,
		"amount BIGINT NOT NULL DEFAULT 1":           "",
		"price DECIMAL(12, 2) NOT NULL":              "",
		"price DECIMAL(10, 1) NOT NULL":              lint.Destructive,
		"price DECIMAL(10, 3) NOT NULL":              lint.Destructive,
		"at DATETIME(3) NOT NULL":                    lint.Destructive,
		"at DATETIME(6) NULL":                        "",
		"unknown INT":                                "",
		"note CHAR(100) CHARACTER SET utf8mb4":       "",
		"amount BOOLEAN NOT NULL DEFAULT 0":          lint.Destructive,
		"amount INTEGER UNSIGNED NOT NULL DEFAULT 0": lint.Destructive,
	} {
		check(t, "mysql", map[string]specification{
			definition: {"ALTER TABLE shop_orders MODIFY COLUMN " + definition + ", ALGORITHM=INPLACE;", rule},
		})
	}
}

func TestAColumnThatRowsHaveNoValueForIsFound(t *testing.T) {
	for _, engine := range []string{"mysql", "sqlite"} {
		check(t, engine, map[string]specification{
			"without a default": {"ALTER TABLE shop_orders ADD COLUMN b INT NOT NULL;", lint.NotNull},
			"with a default":    {"ALTER TABLE shop_orders ADD COLUMN b INT NOT NULL DEFAULT 0;", ""},
			"nullable":          {"ALTER TABLE shop_orders ADD b INT;", ""},
			"of a new table": {"CREATE TABLE shop_lines (id INT);\n-- lint: allow one-ddl: both are new\n" +
				"ALTER TABLE shop_lines ADD COLUMN b INT NOT NULL;", ""},
		})
	}
	check(t, "mysql", map[string]specification{
		"it was nullable": {"ALTER TABLE shop_orders MODIFY note VARCHAR(100) NOT NULL, ALGORITHM=INPLACE;", lint.NotNull},
	})
}

func TestWhatMakesWritersWaitIsFoundOnAServer(t *testing.T) {
	specifications := map[string]specification{
		"a type changes":         {"ALTER TABLE shop_orders MODIFY note VARCHAR(200);", lint.Locking},
		"it must not copy":       {"ALTER TABLE shop_orders MODIFY note VARCHAR(200), ALGORITHM=INPLACE;", ""},
		"an index":               {"CREATE INDEX shop_orders_at ON shop_orders (at);", lint.Locking},
		"an index, online":       {"CREATE INDEX shop_orders_at ON shop_orders (at) ALGORITHM=INPLACE LOCK=NONE;", ""},
		"an added index":         {"ALTER TABLE shop_orders ADD UNIQUE INDEX u (at);", lint.Locking},
		"an added index, online": {"ALTER TABLE shop_orders ADD INDEX i (at), ALGORITHM=INPLACE, LOCK=NONE;", ""},
		"a foreign key":          {"ALTER TABLE shop_orders ADD CONSTRAINT fk FOREIGN KEY (note) REFERENCES b (id);", lint.Locking},
		"the primary key":        {"ALTER TABLE shop_orders DROP PRIMARY KEY;", lint.Locking},
		"the character set":      {"ALTER TABLE shop_orders CONVERT TO CHARACTER SET utf8mb4;", lint.Locking},
		"every row":              {"UPDATE shop_orders SET amount = 1;", lint.Locking},
		"some rows":              {"UPDATE shop_orders SET amount = 1 WHERE amount = 2;", ""},
		"of a new table":         {"CREATE TABLE b (id INT);\n-- lint: allow one-ddl: new\nCREATE INDEX i ON b (id);\nUPDATE b SET id = 1;", ""},
	}
	check(t, "mysql", specifications)
	for name, spec := range specifications {
		specifications[name] = specification{spec.statement, ""}
	}
	check(t, "sqlite", specifications)
}

const rebuilt = `-- +goose Up
-- +goose NO TRANSACTION
CREATE TABLE "new_shop_orders" (id TEXT NOT NULL PRIMARY KEY, note VARCHAR(50), amount BIGINT NOT NULL DEFAULT 0,
  price DECIMAL(10,2) NOT NULL, who TEXT NOT NULL);
INSERT INTO "new_shop_orders" ("id", "note", "amount", "price") SELECT "id", "note", "amount", "price" FROM "shop_orders";
DROP TABLE "shop_orders";
ALTER TABLE "new_shop_orders" RENAME TO "shop_orders";
`

func TestARebuiltTableIsComparedWithWhatItWas(t *testing.T) {
	found := findings(t, "sqlite", rebuilt+"ALTER TABLE shop_orders DROP COLUMN note;"+down)
	require.Len(t, found, 4, "and neither the table that is dropped nor the name")
	assert.Contains(t, found, "sqlite/2_after.sql:3: destructive: the column shop_orders.at is dropped")
	assert.Contains(t, found, "sqlite/2_after.sql:3: destructive: the column shop_orders.note gets a type that not every value fits into")
	assert.Contains(t, found, "sqlite/2_after.sql:3: not-null: the column shop_orders.who is NOT NULL, and rows that exist have no value for it: give a DEFAULT")
	assert.Contains(t, found, "sqlite/2_after.sql:8: destructive: the column shop_orders.note is dropped")
}

func TestSeveralDDLStatementsAreFoundOnMySQLOnly(t *testing.T) {
	const text = "-- +goose Up\nCREATE TABLE b (id INT);\nCREATE TABLE c (id INT);" + down
	assert.Equal(t, []string{"mysql/2_after.sql:3: one-ddl: MySQL commits at every such statement: when this one fails, those before it stay"},
		findings(t, "mysql", text))
	assert.Empty(t, findings(t, "sqlite", text))
}

func TestAFileMustBeTakenBackAndBeReadable(t *testing.T) {
	assert.Equal(t, []string{"mysql/2_after.sql:1: down: nothing takes it back: write what does below -- +goose Down"},
		findings(t, "mysql", "-- +goose Up\nCREATE TABLE b (id INT);\n-- +goose Down\n"))
	assert.Empty(t, findings(t, "mysql", sqlfile.Empty))
	assert.Equal(t, []string{"mysql/2_after.sql:1: syntax: line 1: there is a statement before -- +goose Up"},
		findings(t, "mysql", "SELECT 1;"))
}

func TestAReasonKeepsARuleQuietInOneFile(t *testing.T) {
	const drop = "\n-- +goose Up\nDROP TABLE shop_orders;" + down
	assert.Empty(t, findings(t, "mysql", "-- lint: allow destructive: nobody used it"+drop))
	assert.Len(t, findings(t, "mysql", "-- lint: allow locking: another rule"+drop), 1)
	for _, bad := range []string{"-- lint: allow destructive", "-- lint: allow destructive:", "-- lint: allow", "-- lint: ignore"} {
		assert.Contains(t, findings(t, "mysql", bad+drop), "mysql/2_after.sql:1: allow: write -- lint: allow <rule>: <reason>")
	}
}

func TestAFileMissingForAnEngineIsFound(t *testing.T) {
	text := &fstest.MapFile{Data: []byte(before)}
	found, err := lint.Check(fstest.MapFS{
		"sqlite/1_before.sql": text, "mysql/1_before.sql": text, "mysql/2_more.sql": text, "clickhouse/3_other.sql": text,
	}, sqlfile.Transactional)
	require.NoError(t, err)
	require.Len(t, found, 1, "oracle has no folder, and clickhouse keeps other tables")
	assert.Equal(t, "mysql/2_more.sql:1: files: there is no sqlite/2_more.sql", found[0].String())
}

func TestTheProgramsMigrationsHaveNoFinding(t *testing.T) {
	found, err := lint.Check(migrations.Files, sqlfile.Transactional)
	require.NoError(t, err)
	assert.Empty(t, found)
}

func TestWhatDeletesRowsOfAWarehouseIsFound(t *testing.T) {
	check(t, "clickhouse", map[string]specification{
		"some rows":       {"ALTER TABLE shop_orders DELETE WHERE at < '2020-01-01' SETTINGS mutations_sync = 2;", lint.Destructive},
		"a partition":     {"ALTER TABLE shop_orders DROP PARTITION '2020';", lint.Destructive},
		"a column":        {"ALTER TABLE shop_orders DROP COLUMN note;", lint.Destructive},
		"what a column":   {"ALTER TABLE shop_orders CLEAR COLUMN note;", lint.Destructive},
		"all rows":        {"TRUNCATE TABLE shop_orders;", lint.Destructive},
		"the table":       {"DROP TABLE shop_orders;", lint.Destructive},
		"none":            {"ALTER TABLE shop_orders ADD COLUMN b Int64;", ""},
		"a changed row":   {"ALTER TABLE shop_orders UPDATE note = '' WHERE note = 'x';", ""},
		"a table with it": {"CREATE TABLE b (id Int64) ENGINE = MergeTree ORDER BY (id, id);", ""},
	})
}

func TestSeveralChangesInAFileAreFoundOnClickHouse(t *testing.T) {
	found := findings(t, "clickhouse", "-- +goose Up\nCREATE TABLE b (id Int64) ENGINE = Memory;\nCREATE TABLE c (id Int64) ENGINE = Memory;"+down)
	assert.Equal(t, []string{"clickhouse/2_after.sql:3: one-ddl: ClickHouse, which has no transactions, commits at every such statement: " +
		"when this one fails, those before it stay"}, found)
}

func TestOnOracleTheSameRulesHold(t *testing.T) {
	check(t, "oracle", map[string]specification{
		"a column comes":                    {"ALTER TABLE shop_orders ADD (b VARCHAR2(10 CHAR));", ""},
		"columns come":                      {"ALTER TABLE shop_orders ADD (b NUMBER(1) DEFAULT 0 NOT NULL, c DATE);", ""},
		"rows have no value for one":        {"ALTER TABLE shop_orders ADD (b DATE, c NUMBER(1) NOT NULL);", lint.NotNull},
		"a column becomes NOT NULL":         {"ALTER TABLE shop_orders MODIFY (note NOT NULL);", lint.NotNull},
		"a column stays NOT NULL":           {"ALTER TABLE shop_orders MODIFY (amount DEFAULT 1);", ""},
		"a column may be NULL":              {"ALTER TABLE shop_orders MODIFY (amount NULL);", ""},
		"a column gets longer":              {"ALTER TABLE shop_orders MODIFY (note VARCHAR2(200 CHAR));", ""},
		"a column gets shorter":             {"ALTER TABLE shop_orders MODIFY note VARCHAR2(99 CHAR);", lint.Destructive},
		"a column goes":                     {"ALTER TABLE shop_orders DROP COLUMN note;", lint.Destructive},
		"a column goes, in parentheses":     {"ALTER TABLE shop_orders DROP (note);", lint.Destructive},
		"a table goes":                      {"DROP TABLE shop_orders CASCADE CONSTRAINTS;", lint.Destructive},
		"an index":                          {"CREATE INDEX shop_orders_at ON shop_orders (at);", lint.Locking},
		"an index, online":                  {"CREATE INDEX shop_orders_at ON shop_orders (at) ONLINE;", ""},
		"a foreign key":                     {"ALTER TABLE shop_orders ADD CONSTRAINT fk FOREIGN KEY (note) REFERENCES b (id);", lint.Locking},
		"a foreign key that is not checked": {"ALTER TABLE shop_orders ADD CONSTRAINT fk FOREIGN KEY (note) REFERENCES b (id) ENABLE NOVALIDATE;", ""},
		"every row":                         {"UPDATE shop_orders SET amount = 1;", lint.Locking},
		"a block":                           {"-- +goose StatementBegin\nBEGIN\n  NULL;\nEND;\n-- +goose StatementEnd", ""},
	})
	assert.Equal(t, []string{"oracle/2_after.sql:3: one-ddl: Oracle commits at every such statement: when this one fails, those before it stay"},
		findings(t, "oracle", "-- +goose Up\nCREATE TABLE b (id INT);\nCREATE TABLE c (id INT);"+down))
	assert.Equal(t, []string{"oracle/2_after.sql:3: destructive: the column shop_orders.note is dropped"}, findings(t, "oracle",
		"-- lint: allow one-ddl: a copy\n-- +goose Up\nALTER TABLE shop_orders DROP COLUMN note;\nALTER TABLE shop_orders ADD (next CLOB);\n"+
			"ALTER TABLE shop_orders RENAME COLUMN next TO note;"+down), "nobody knows the other name")
}
