package script_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/migrate/script"
)

const whole = `-- What it is for.
-- +goose Up
-- +goose NO TRANSACTION

CREATE TABLE a ( -- a comment; with a semicolon
    id INTEGER
);
-- lint: allow destructive: it is empty
DROP TABLE b; -- done
-- +goose StatementBegin
CREATE TRIGGER t AFTER INSERT ON a BEGIN
    DELETE FROM c;
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE a;
`

func TestStatementsComeWithTheLineWhereTheyBegin(t *testing.T) {
	read, err := script.Parse(whole)
	require.NoError(t, err)
	require.Len(t, read.Up, 3)
	assert.Equal(t, script.Statement{Line: 5, SQL: "CREATE TABLE a ( -- a comment; with a semicolon\n    id INTEGER\n);"}, read.Up[0])
	assert.Equal(t, script.Statement{Line: 9, SQL: "DROP TABLE b; -- done"}, read.Up[1])
	assert.Equal(t, 11, read.Up[2].Line)
	assert.Contains(t, read.Up[2].SQL, "DELETE FROM c;\nEND;")
	assert.Equal(t, []script.Statement{{Line: 17, SQL: "DROP TABLE a;"}}, read.Down)
	assert.True(t, read.HasDown)
	assert.False(t, read.Transaction)
	assert.Contains(t, read.Comments, script.Comment{Line: 8, Text: "lint: allow destructive: it is empty"})
}

func TestAFileRunsInATransactionUnlessItSaysOtherwise(t *testing.T) {
	read, err := script.Parse("-- +goose Up\r\nSELECT 1;\r\n")
	require.NoError(t, err)
	assert.True(t, read.Transaction)
	assert.False(t, read.HasDown)
	assert.Equal(t, []script.Statement{{Line: 2, SQL: "SELECT 1;"}}, read.Up)
}

func TestWhatIsWrongIsSaidWithItsLine(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"nothing in it":         {"", "there is no -- +goose Up"},
		"down only":             {"-- +goose Down\nSELECT 1;\n", "line 1: there is no -- +goose Up"},
		"a statement too early": {"\nSELECT 1;\n-- +goose Up\n", "line 2: there is a statement before -- +goose Up"},
		"no semicolon":          {"-- +goose Up\nSELECT 1\n-- +goose Down\n", "line 3: the statement of line 2 has no semicolon"},
		"no semicolon at last":  {"-- +goose Up\n-- +goose Down\nSELECT 1\n", "the statement of line 3 has no semicolon"},
		"a block without end":   {"-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n", "the statement of line 3 has no -- +goose StatementEnd"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := script.Parse(test.text)
			assert.ErrorContains(t, err, test.want)
		})
	}
}
