package database_test

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestARowThatIsNotThereIsNotFound(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		err := db.Reader(t.Context()).Take(&counter{}, "id = ?", "a").Error
		assert.True(t, database.IsNotFound(err))
		assert.Equal(t, gorm.ErrRecordNotFound, err)
	})
}

func TestABrokenUniqueIndexIsADuplicateThatNamesIt(t *testing.T) {
	constraint := map[string]string{"sqlite": "users.email", "mysql": "users_email", "oracle": "users_email"}
	eachEngine(t, func(t *testing.T, db *database.DB) {
		require.NoError(t, db.Writer(t.Context()).Create(&user{"1", "for key 'x'"}).Error)
		err := db.Writer(t.Context()).Create(&user{"2", "for key 'x'"}).Error
		require.ErrorIs(t, err, database.ErrDuplicate)
		var duplicate *database.DuplicateError
		require.ErrorAs(t, err, &duplicate)
		assert.Equal(t, constraint[db.Driver()], duplicate.Constraint)
		assert.NotErrorIs(t, err, database.ErrForeignKey)
		assert.ErrorContains(t, err, duplicate.Unwrap().Error())
	})
}

func TestABrokenPrimaryKeyIsADuplicate(t *testing.T) {
	constraint := map[string]string{"sqlite": "counters.id", "mysql": "PRIMARY", "oracle": "counters_key"}
	eachEngine(t, func(t *testing.T, db *database.DB) {
		require.NoError(t, add(t.Context(), db, "a"))
		var duplicate *database.DuplicateError
		require.ErrorAs(t, add(t.Context(), db, "a"), &duplicate)
		assert.Equal(t, constraint[db.Driver()], duplicate.Constraint)
	})
}

func TestABrokenForeignKeyIsSeenFromBothSides(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		writer := db.Writer(t.Context())
		require.ErrorIs(t, writer.Create(&post{"1", "nobody"}).Error, database.ErrForeignKey)
		require.NoError(t, writer.Create(&user{"1", "a"}).Error)
		require.NoError(t, writer.Create(&post{"1", "1"}).Error)
		require.ErrorIs(t, writer.Delete(&user{ID: "1"}).Error, database.ErrForeignKey)
	})
}

func TestAnUnexpectedErrorCarriesItsStackAndIsNotFoundNowhere(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		err := db.Reader(t.Context()).Table("no_such_table").Take(&map[string]any{}).Error
		require.Error(t, err)
		assert.Contains(t, string(problem.Stack(err)), "TestAnUnexpectedError")
		assert.Equal(t, problem.Internal, problem.From(err).Kind)
		assert.False(t, database.IsNotFound(err))
	})
}

func TestAClosedPortIsUnavailable(t *testing.T) {
	m, err := database.Open(database.Configs{"primary": {Driver: "mysql", DSN: closedPort(t)}}, testkit.Quiet())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close(context.Background())) })
	db := primary(t, m)

	for name, err := range map[string]error{
		"read":        db.Reader(t.Context()).Take(&counter{}).Error,
		"write":       add(t.Context(), db, "a"),
		"transaction": db.InTx(t.Context(), nil),
		"ping":        db.Ping(t.Context()),
		"exclusive":   db.Exclusive(t.Context(), nil),
	} {
		require.ErrorIs(t, err, database.ErrUnavailable, name)
		assert.Equal(t, http.StatusServiceUnavailable, problem.From(err).Kind.Status, name)
		assert.Equal(t, 2*time.Second, problem.From(err).RetryAfter, name)
		assert.False(t, database.IsNotFound(err), name)
	}
}

func TestAReadOnABrokenConnectionIsNeverNotFound(t *testing.T) {
	db := onMySQL(t)
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		kill(ctx, t, db)
		err := db.Reader(ctx).Take(&counter{}, "id = ?", "a").Error
		require.ErrorIs(t, err, database.ErrUnavailable)
		assert.False(t, database.IsNotFound(err))
		return errOurs
	})
	assert.Error(t, err)
}

type guarded struct{ ID string }

func (guarded) TableName() string { return "counters" }

func (guarded) BeforeCreate(*gorm.DB) error { return problem.Conflict.New("of the domain") }

func TestAnErrorOfTheDomainPassesThroughAHandle(t *testing.T) {
	db := primary(t, testkit.Migrated(t, tables()))
	err := db.Writer(t.Context()).Create(&guarded{"a"}).Error
	assert.ErrorIs(t, err, problem.Conflict)
	assert.Nil(t, problem.Stack(err))
}

// closedPort is a server that is not there.
func closedPort(t *testing.T) config.DSN {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return config.DSN("trellis:hunter2@tcp(" + listener.Addr().String() + ")/trellis")
}
