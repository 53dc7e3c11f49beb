package identity_test

import (
	"bytes"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"gorm.io/gorm"

	"github.com/trellis-go/trellis/modules/identity"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/crypto"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/log"
	"github.com/trellis-go/trellis/platform/ratelimit"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	ada    = "ada@example.com"
	secret = "a passphrase of ada"
)

var argon2 = crypto.Argon2{Memory: 19 * config.MiB, Iterations: 2, Parallelism: 1, Waiting: 100}

// app is the module behind its own gate.
type app struct {
	testkit.Client
	t        *testing.T
	service  *identity.Service
	sessions *identity.Sessions
	repo     *identity.Repository
	clock    *testkit.Clock
	console  *bytes.Buffer
	log      *bytes.Buffer
}

func settings() identity.Config {
	plenty := ratelimit.Quota{Requests: 1000, Period: time.Second, Burst: 1000}
	return identity.Config{
		Database: testkit.Name, Registration: true, RefreshTTL: 24 * time.Hour, SessionTTL: 72 * time.Hour,
		Account: plenty, Address: plenty, Factor: plenty,
	}
}

func serve(t *testing.T, change ...func(*identity.Config)) *app {
	t.Helper()
	return serveOn(t, testkit.Database(t), change...)
}

// serveOn is one replica on the database.
func serveOn(t *testing.T, m *database.Manager, change ...func(*identity.Config)) *app {
	t.Helper()
	return serveSealing(t, m, sealing, change...)
}

// serveSealing is one replica with these keys.
func serveSealing(t *testing.T, m *database.Manager, keys string, change ...func(*identity.Config)) *app {
	t.Helper()
	cfg := settings()
	for _, one := range change {
		one(&cfg)
	}
	a := &app{t: t, clock: &testkit.Clock{}, console: &bytes.Buffer{}, log: &bytes.Buffer{}}
	var err error
	a.repo, err = identity.NewRepository(cfg, m)
	require.NoError(t, err)
	ring, err := crypto.NewRing(crypto.Config{Keys: config.Secret(keys)})
	require.NoError(t, err)
	limiter := ratelimit.NewMemory()
	tokens := testkit.Tokens(t)
	a.sessions = identity.NewSessions(a.repo, a.clock.Now)
	a.service = identity.NewService(cfg, a.repo, crypto.NewPasswords(argon2), ring, tokens, a.sessions, limiter, a.clock.Now,
		log.NewTest(a.log), a.console)
	module := identity.New(identity.NewHandler(a.service))
	gate := auth.NewGate(tokens, a.sessions, auth.Permissions{auth.Staff: {identity.Read}})
	a.Client = testkit.ServeBehind(t, gate, module.Module)
	return a
}

// sealing is the key of every replica.
var sealing = crypto.NewKey("test")

// pair is what signing in answers.
type pair struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Refresh string `json:"refresh_token"`
}

// user makes an account.
func (a *app) user(email string, role auth.Role) *identity.User {
	a.t.Helper()
	made, err := a.service.CreateUser(a.t.Context(), email, secret, role)
	require.NoError(a.t, err)
	return made
}

// exec changes the database by hand.
func (a *app) exec(statement string, values ...any) {
	a.t.Helper()
	require.NoError(a.t, a.repo.Writer(a.t.Context()).Exec(statement, values...).Error)
}

// meanwhile does something right after the next query of a table, as if somebody else had been quicker. It is given the
// handle of the query.
func (a *app) meanwhile(table string, do func(*gorm.DB)) {
	a.t.Helper()
	var done atomic.Bool
	after := func(db *gorm.DB) {
		if db.Statement.Table == table && done.CompareAndSwap(false, true) {
			do(db.Session(&gorm.Session{NewDB: true}))
		}
	}
	for name, handle := range map[string]*gorm.DB{"reader": a.repo.Reader(a.t.Context()), "writer": a.repo.Writer(a.t.Context())} {
		require.NoError(a.t, handle.Callback().Query().After("gorm:query").Register("test:"+name+table, after))
		require.NoError(a.t, handle.Callback().Row().After("gorm:row").Register("test:"+name+table, after))
	}
}

// login signs in.
func (a *app) login(email string) pair {
	a.t.Helper()
	return a.tokens(a.post("/auth/login", map[string]string{"email": email, "password": secret}))
}

// as is the client of a new account with this role.
func (a *app) as(role auth.Role) testkit.Client {
	a.t.Helper()
	email := string(role) + "@example.com"
	a.user(email, role)
	return a.With(a.login(email).Access)
}

func (a *app) tokens(answer testkit.Answer) pair {
	a.t.Helper()
	var got pair
	answer.Must(http.StatusOK).Into(&got)
	return got
}

func (a *app) post(path string, body any) testkit.Answer {
	a.t.Helper()
	return send(a.t, a.Client, http.MethodPost, path, body)
}

func (a *app) refresh(token string) testkit.Answer {
	a.t.Helper()
	return a.post("/auth/refresh", map[string]string{"refresh_token": token})
}
