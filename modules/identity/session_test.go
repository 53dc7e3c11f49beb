package identity_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/trellis-go/trellis/modules/identity"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/crypto"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

// refused tells the statuses of /me with this token.
func (a *app) me(token string) int {
	a.t.Helper()
	return a.With(token).Get(prefix + "/me").Status
}

// gone waits until the token is not let in any more.
func (a *app) gone(token string) {
	a.t.Helper()
	require.Eventually(a.t, func() bool { return a.me(token) == http.StatusUnauthorized }, 10*time.Second, 10*time.Millisecond)
}

func TestSigningInGivesAPairOfTokens(t *testing.T) {
	a := serve(t)
	a.user(ada, auth.Customer)
	answer := a.post("/auth/login", map[string]string{"email": ada, "password": secret})
	assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
	got := a.tokens(answer)
	assert.Equal(t, "Bearer", got.Type)
	assert.Equal(t, 3600, got.Expires)
	assert.Equal(t, http.StatusOK, a.me(got.Access))
	assert.Equal(t, http.StatusUnauthorized, a.me(got.Refresh), "a refresh token is no access token")
	a.refresh(got.Access).Must(http.StatusUnauthorized)
}

func TestWrongUnknownAndInactiveLookTheSame(t *testing.T) {
	a := serve(t)
	a.user(ada, auth.Customer)
	inactive := a.user("old@example.com", auth.Customer)
	_, err := a.service.UpdateUser(t.Context(), inactive.ID, func(int64) error { return nil },
		func(identity.Change) (identity.Change, error) { return identity.Change{Role: auth.Customer}, nil })
	require.NoError(t, err)
	var bodies []string
	for _, who := range [][2]string{{ada, "wrong password"}, {"nobody@example.com", secret}, {"old@example.com", secret}, {"no address", secret}} {
		answer := a.post("/auth/login", map[string]string{"email": who[0], "password": who[1]}).Must(http.StatusUnauthorized)
		assert.NotEmpty(t, answer.Header.Get("WWW-Authenticate"))
		document := answer.Problem()
		bodies = append(bodies, document.Code+document.Detail)
	}
	for _, body := range bodies {
		assert.Equal(t, "invalid_credentials", body)
	}
}

func TestAStrongerHashReplacesTheOldOneAtLogin(t *testing.T) {
	a := serve(t)
	made := a.user(ada, auth.Customer)
	weaker, err := crypto.NewPasswords(crypto.Argon2{Memory: argon2.Memory / 2, Iterations: 1, Parallelism: 1, Waiting: 1}).Hash(t.Context(), secret)
	require.NoError(t, err)
	made.PasswordHash = weaker
	require.NoError(t, a.repo.UpdateUser(t.Context(), made))
	a.login(ada)
	renewed, err := a.repo.User(t.Context(), made.ID)
	require.NoError(t, err)
	assert.Contains(t, renewed.PasswordHash, "m=19456,t=2,p=1")
	a.login(ada)
	again, err := a.repo.User(t.Context(), made.ID)
	require.NoError(t, err)
	assert.Equal(t, renewed, again, "and only once")
}

func TestARefreshTokenIsGoodOnce(t *testing.T) {
	a := serve(t)
	a.user(ada, auth.Customer)
	first := a.login(ada)
	second := a.tokens(a.refresh(first.Refresh))
	assert.NotEqual(t, first.Refresh, second.Refresh)
	assert.Equal(t, http.StatusOK, a.me(second.Access))
	third := a.tokens(a.refresh(second.Refresh))

	answer := a.refresh(first.Refresh).Must(http.StatusUnauthorized)
	assert.Equal(t, "invalid_refresh_token", answer.Problem().Code)
	assert.Contains(t, a.log.String(), "came a second time")
	a.refresh(third.Refresh).Must(http.StatusUnauthorized)
	for _, one := range []pair{first, second, third} {
		assert.Equal(t, http.StatusUnauthorized, a.me(one.Access), "the whole family has ended, here at once")
		assert.NotContains(t, a.log.String(), one.Refresh)
	}
}

func TestAReplayOnOneReplicaEndsTheFamilyOnEvery(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		one, two := serveOn(t, m), serveOn(t, m)
		one.user(ada, auth.Customer)
		stolen := one.login(ada)
		other := two.login(ada)
		family := two.tokens(two.refresh(stolen.Refresh))
		for _, replica := range []*app{one, two} {
			assert.Equal(t, http.StatusOK, replica.me(family.Access)) // and remembers it
			assert.Equal(t, http.StatusOK, replica.me(other.Access))
		}
		one.refresh(stolen.Refresh).Must(http.StatusUnauthorized)
		one.gone(family.Access)
		two.gone(family.Access)
		two.refresh(family.Refresh).Must(http.StatusUnauthorized)
		assert.Equal(t, http.StatusOK, two.me(other.Access), "another sign-in is another family")
	})
}

func TestOfManyWhoRefreshAtOnceOneAtMostIsServed(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		a := serveOn(t, m)
		a.user(ada, auth.Customer)
		begun := a.login(ada)
		answers := make([]testkit.Answer, 8)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() { answers[i] = a.refresh(begun.Refresh) })
		}
		all.Wait()
		served := 0
		for _, answer := range answers {
			if answer.Status == http.StatusOK {
				served++
				a.refresh(a.tokens(answer).Refresh).Must(http.StatusUnauthorized)
			}
		}
		assert.Equal(t, 1, served)
		a.gone(begun.Access)
	})
}

func TestTokensThatWereNeverIssuedAreRefused(t *testing.T) {
	a := serve(t)
	for _, bad := range []string{"", "x", crypto.Token(256)} {
		a.refresh(bad).Must(http.StatusUnauthorized)
	}
}

func TestASessionExpires(t *testing.T) {
	a := serve(t)
	a.user(ada, auth.Customer)
	idle := a.login(ada)
	a.clock.Advance(24 * time.Hour)
	a.refresh(idle.Refresh).Must(http.StatusUnauthorized)

	kept := a.login(ada)
	for range 3 {
		a.clock.Advance(20 * time.Hour)
		kept = a.tokens(a.refresh(kept.Refresh))
	}
	a.clock.Advance(13 * time.Hour)
	a.refresh(kept.Refresh).Must(http.StatusUnauthorized)
	assert.Equal(t, http.StatusUnauthorized, a.me(kept.Access), "at the latest")
}

func TestARefreshTokenEndsWithItsSession(t *testing.T) {
	a := serve(t)
	a.user(ada, auth.Customer)
	kept := a.login(ada)
	for range 3 {
		a.clock.Advance(20 * time.Hour)
		kept = a.tokens(a.refresh(kept.Refresh))
	}
	var token identity.RefreshToken
	require.NoError(t, a.repo.Reader(t.Context()).Preload("Session").Where("used_at IS NULL").Take(&token).Error)
	assert.Equal(t, token.Session.ExpiresAt, token.ExpiresAt)
}

func TestWhoWasDeactivatedCannotRefresh(t *testing.T) {
	a := serve(t)
	a.user(ada, auth.Customer)
	begun := a.login(ada)
	a.exec("UPDATE identity_users SET active = ?", false) // and the session lives
	a.refresh(begun.Refresh).Must(http.StatusUnauthorized)
}

func TestATokenThatIsUsedWhileOneWaitsForItsSessionIsNotGoodAnyMore(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		a := serveOn(t, m)
		a.user(ada, auth.Customer)
		begun := a.login(ada)
		a.meanwhile("identity_refresh_tokens", func(db *gorm.DB) {
			assert.NoError(t, db.Exec("UPDATE identity_refresh_tokens SET used_at = ?", a.clock.Now()).Error)
		})
		a.refresh(begun.Refresh).Must(http.StatusUnauthorized)
	})
}

// changedMeanwhile stores a new hash of this password once an account was read.
func (a *app) changedMeanwhile(password string) {
	a.t.Helper()
	hash, err := crypto.NewPasswords(argon2).Hash(a.t.Context(), password)
	require.NoError(a.t, err)
	a.meanwhile("identity_users", func(*gorm.DB) { a.exec("UPDATE identity_users SET password_hash = ?", hash) })
}

func TestAPasswordThatIsChangedMeanwhileIsNoneToSignInWith(t *testing.T) {
	a := serve(t)
	a.user(ada, auth.Customer)
	a.changedMeanwhile("another passphrase")
	answer := a.post("/auth/login", map[string]string{"email": ada, "password": secret})
	assert.Equal(t, "invalid_credentials", answer.Must(http.StatusUnauthorized).Problem().Code)
}

func TestAHashThatIsRenewedMeanwhileIsComparedAgain(t *testing.T) {
	a := serve(t)
	a.user(ada, auth.Customer)
	a.changedMeanwhile(secret)
	a.post("/auth/login", map[string]string{"email": ada, "password": secret}).Must(http.StatusOK)
}

func TestNobodyStoresTheirAccountForWhoComesAfterThem(t *testing.T) {
	a := serve(t)
	a.user(ada, auth.Customer)
	answer := a.With(a.login(ada).Access).Get(prefix + "/me").Must(http.StatusOK)
	assert.Equal(t, []string{"no-store"}, answer.Header.Values("Cache-Control"))
}

func TestWhoSharesAnAddressWithManyKeepsTheirSession(t *testing.T) {
	a := serve(t, func(c *identity.Config) {
		c.Address.Requests, c.Address.Period, c.Address.Burst = 1, time.Hour, 2
	})
	a.user(ada, auth.Customer)
	mine := a.login(ada)
	for range 5 {
		a.refresh("nonsense").Must(http.StatusUnauthorized)
	}
	a.refresh(mine.Refresh).Must(http.StatusOK)
}

func TestAPasswordThatIsChangedMeanwhileIsNotOverwritten(t *testing.T) {
	a := serve(t)
	user := a.user(ada, auth.Customer)
	client := a.With(a.login(ada).Access)
	client.Get(prefix + "/me").Must(http.StatusOK) // what the gate asks is remembered
	a.meanwhile("identity_users", func(*gorm.DB) { a.exec("UPDATE identity_users SET password_hash = 'another'") })
	send(t, client, http.MethodPut, "/me/password", map[string]string{"current_password": secret, "new_password": "another passphrase"}).
		Must(http.StatusUnauthorized)
	found, err := a.repo.User(t.Context(), user.ID)
	require.NoError(t, err)
	assert.Equal(t, "another", found.PasswordHash)
}

func TestWhatEndsASessionCountsAtOnceAlsoWhileSomebodyIsAskingForIt(t *testing.T) {
	a := serve(t)
	user := a.user(ada, auth.Customer)
	token := a.login(ada).Access
	var session identity.Session
	require.NoError(t, a.repo.Reader(t.Context()).Take(&session).Error)
	who := auth.Principal{UserID: user.ID, Role: user.Role, SessionID: session.ID}
	asking, release := make(chan struct{}), make(chan struct{})
	a.meanwhile("identity_sessions", func(*gorm.DB) {
		close(asking)
		<-release
	})
	var before sync.WaitGroup
	before.Go(func() { a.me(token) })
	<-asking
	require.NoError(t, a.service.Logout(t.Context(), who))
	limited, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := a.sessions.Current(limited, who)
	require.ErrorIs(t, err, auth.ErrUnauthenticated)
	close(release)
	before.Wait()
	_, err = a.sessions.Current(t.Context(), who)
	require.ErrorIs(t, err, auth.ErrUnauthenticated, "and what they found is not remembered")
}

func TestExpiredSessionsAreForgotten(t *testing.T) {
	a := serve(t)
	a.user(ada, auth.Customer)
	begun := a.login(ada)
	a.refresh(begun.Refresh).Must(http.StatusOK)
	a.clock.Advance(73 * time.Hour)
	a.login(ada)
	for _, want := range []int{1, 0} {
		gone, err := a.service.Clean(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, gone)
	}
	for _, table := range []any{&identity.Session{}, &identity.RefreshToken{}} {
		var count int64
		require.NoError(t, a.repo.Reader(t.Context()).Model(table).Count(&count).Error)
		assert.EqualValues(t, 1, count)
	}
}

func TestSigningOutEndsOneSessionOrAll(t *testing.T) {
	a := serve(t)
	a.user(ada, auth.Customer)
	one, two, three := a.login(ada), a.login(ada), a.login(ada)
	a.With(one.Access).Do("POST", prefix+"/auth/logout", "").Must(http.StatusNoContent)
	assert.Equal(t, http.StatusUnauthorized, a.me(one.Access))
	a.refresh(one.Refresh).Must(http.StatusUnauthorized)
	assert.Equal(t, http.StatusOK, a.me(two.Access))
	a.With(two.Access).Do("POST", prefix+"/auth/logout-all", "").Must(http.StatusNoContent)
	for _, ended := range []pair{two, three} {
		assert.Equal(t, http.StatusUnauthorized, a.me(ended.Access))
		a.refresh(ended.Refresh).Must(http.StatusUnauthorized)
	}
}

func TestANewPasswordEndsTheOtherSessions(t *testing.T) {
	a := serve(t)
	a.user(ada, auth.Customer)
	mine, other := a.login(ada), a.login(ada)
	change := func(current, wanted string) testkit.Answer {
		return send(t, a.With(mine.Access), http.MethodPut, "/me/password",
			map[string]string{"current_password": current, "new_password": wanted})
	}
	change("wrong password", "another passphrase").Must(http.StatusUnauthorized)
	answer := change(secret, "12345678").Must(http.StatusUnprocessableEntity)
	assert.Equal(t, "/new_password", answer.Problem().Errors[0].Pointer)
	change(secret, "another passphrase").Must(http.StatusNoContent)
	assert.Equal(t, http.StatusOK, a.me(mine.Access))
	assert.Equal(t, http.StatusUnauthorized, a.me(other.Access))
	a.post("/auth/login", map[string]string{"email": ada, "password": secret}).Must(http.StatusUnauthorized)
	a.post("/auth/login", map[string]string{"email": ada, "password": "another passphrase"}).Must(http.StatusOK)
}

func TestAttemptsAreLimitedByAccountAndAddress(t *testing.T) {
	a := serve(t, func(c *identity.Config) {
		c.Account.Requests, c.Account.Period, c.Account.Burst = 1, time.Hour, 3
		c.Address.Requests, c.Address.Period, c.Address.Burst = 1, time.Hour, 8
	})
	a.user(ada, auth.Customer)
	a.user("bob@example.com", auth.Customer)
	from := func(address, email, password string) testkit.Answer {
		return a.From(address).Do(http.MethodPost, prefix+"/auth/login", `{"email":"`+email+`","password":"`+password+`"}`)
	}
	for range 3 {
		from("192.0.2.1", ada, "a guess of hers").Must(http.StatusUnauthorized)
	}
	answer := from("192.0.2.1", "ADA@example.com", "a guess of hers").Must(http.StatusTooManyRequests)
	assert.NotEmpty(t, answer.Header.Get("Retry-After"))
	from("192.0.2.2", ada, secret).Must(http.StatusOK) // she is not locked out
	from("192.0.2.1", "bob@example.com", secret).Must(http.StatusOK)
	for _, guess := range []string{"a@example.com", "b@example.com", "c@example.com"} {
		from("192.0.2.1", guess, secret).Must(http.StatusUnauthorized)
	}
	from("192.0.2.1", "bob@example.com", secret).Must(http.StatusTooManyRequests) // many accounts from one address
	from("192.0.2.3", "bob@example.com", secret).Must(http.StatusOK)
}
