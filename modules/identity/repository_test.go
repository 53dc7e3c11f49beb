package identity_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/identity"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/crypto"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/test/testkit"
)

// TestRepositoryContract goes through every query of the repository on every engine.
func TestRepositoryContract(t *testing.T) {
	testkit.Contract(t, testkit.Scenarios(func(t *testing.T, m *database.Manager) register {
		repo, err := identity.NewRepository(settings(), m)
		require.NoError(t, err)
		return register{Repository: repo, ctx: t.Context()}
	}, map[string]func(*testing.T, register){
		"an account is found as it was stored":        userRoundTrip,
		"an address belongs to one account":           userUnique,
		"accounts have pages in every order":          userPages,
		"admins are found and locked":                 userAdmins,
		"a session stands as it was left":             sessionStanding,
		"a refresh token is locked with its session":  sessionToken,
		"sessions of one user end, but one":           sessionEnds,
		"sessions that expired are forgotten":         sessionForgotten,
		"a second factor is found as it was stored":   factorRoundTrip,
		"a recovery code is used once":                factorRecovery,
		"a second factor goes with its recovery code": factorDelete,
	}))
}

// register is a repository, with accounts to put into it that are the same in each run.
type register struct {
	*identity.Repository
	ctx context.Context
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 123456000, time.UTC)

func (r register) user(t *testing.T, i int, role auth.Role, active bool) *identity.User {
	t.Helper()
	made := &identity.User{
		ID: testkit.ID("a000", i), Email: fmt.Sprintf("user%d@example.com", i), PasswordHash: "$argon2id$", Role: role, Active: active,
		Version: 1, CreatedAt: noon.Add(time.Duration(i) * time.Second), UpdatedAt: noon,
	}
	require.NoError(t, r.InsertUser(r.ctx, made))
	return made
}

// session makes a session that expires after i hours, with one refresh token.
func (r register) session(t *testing.T, user *identity.User, i int) (*identity.Session, *identity.RefreshToken) {
	t.Helper()
	session := &identity.Session{
		ID: testkit.ID("b000", i), UserID: user.ID, CreatedAt: noon, ExpiresAt: noon.Add(time.Duration(i) * time.Hour),
	}
	token := &identity.RefreshToken{Digest: crypto.Digest(session.ID), SessionID: session.ID, ExpiresAt: noon.Add(time.Hour)}
	require.NoError(t, r.InTx(r.ctx, func(ctx context.Context) error { return r.InsertSession(ctx, session, token) }))
	return session, token
}

func userRoundTrip(t *testing.T, r register) {
	stored := r.user(t, 1, auth.Customer, true)
	found, err := r.User(r.ctx, stored.ID)
	require.NoError(t, err)
	assert.Equal(t, stored, found)
	found, err = r.UserByEmail(r.ctx, stored.Email)
	require.NoError(t, err)
	assert.Equal(t, stored, found)
	none, err := r.UserByEmail(r.ctx, "nobody@example.com")
	require.NoError(t, err)
	assert.Nil(t, none)
	_, err = r.User(r.ctx, testkit.ID("a000", 2))
	require.ErrorIs(t, err, identity.ErrUserNotFound)
	require.NoError(t, r.InTx(r.ctx, func(ctx context.Context) error {
		locked, err := r.LockUser(ctx, stored.ID)
		require.NoError(t, err)
		locked.Role, locked.Active, locked.PasswordHash, locked.UpdatedAt = auth.Staff, false, "$other$", noon.Add(time.Hour)
		return r.UpdateUser(ctx, locked)
	}))
	found, err = r.User(r.ctx, stored.ID)
	require.NoError(t, err)
	stored.Role, stored.Active, stored.PasswordHash, stored.UpdatedAt, stored.Version = auth.Staff, false, "$other$", noon.Add(time.Hour), 2
	assert.Equal(t, stored, found)
}

func userUnique(t *testing.T, r register) {
	first := r.user(t, 1, auth.Customer, true)
	second := *first
	second.ID = testkit.ID("a000", 2)
	require.ErrorIs(t, r.InsertUser(r.ctx, &second), identity.ErrEmailTaken)
}

func userPages(t *testing.T, r register) {
	for i := range 5 {
		r.user(t, i, []auth.Role{auth.Customer, auth.Staff}[i%2], i != 4)
	}
	yes := true
	for _, asked := range []struct {
		sort   string
		filter identity.Filter
		want   string
	}{
		{"created_at", identity.Filter{}, "01234"}, {"-created_at", identity.Filter{}, "43210"},
		{"email", identity.Filter{}, "01234"}, {"-email", identity.Filter{}, "43210"},
		{"email", identity.Filter{Role: auth.Customer, Active: &yes}, "02"},
	} {
		read, wanted := "", page.Request{Limit: 2, Sort: asked.sort}
		for {
			found, err := r.Users(r.ctx, asked.filter, wanted)
			require.NoError(t, err)
			for _, one := range found.Items {
				read += one.Email[4:5]
			}
			if wanted.After = found.Next; wanted.After == nil {
				break
			}
		}
		assert.Equal(t, asked.want, read, asked.sort)
	}
	_, err := r.Users(r.ctx, identity.Filter{}, page.Request{Limit: 1, Sort: "password_hash"})
	require.Error(t, err)
}

func userAdmins(t *testing.T, r register) {
	there, err := r.HasAdmin(r.ctx)
	require.NoError(t, err)
	assert.False(t, there)
	first := r.user(t, 1, auth.Admin, true)
	r.user(t, 2, auth.Admin, false)
	r.user(t, 3, auth.Staff, true)
	there, err = r.HasAdmin(r.ctx)
	require.NoError(t, err)
	assert.True(t, there)
	require.NoError(t, r.InTx(r.ctx, func(ctx context.Context) error {
		admins, err := r.LockAdmins(ctx)
		assert.Equal(t, []identity.User{*first}, admins)
		return err
	}))
}

func sessionStanding(t *testing.T, r register) {
	user := r.user(t, 1, auth.Staff, true)
	session, _ := r.session(t, user, 1)
	want := &identity.Standing{UserID: user.ID, Role: auth.Staff, Active: true, ExpiresAt: session.ExpiresAt}
	found, err := r.Standing(r.ctx, session.ID)
	require.NoError(t, err)
	assert.Equal(t, want, found)
	ended := noon.Add(time.Minute)
	require.NoError(t, r.EndSession(r.ctx, session.ID, ended))
	require.NoError(t, r.EndSession(r.ctx, session.ID, ended.Add(time.Hour)), "the first end counts")
	found, err = r.Standing(r.ctx, session.ID)
	require.NoError(t, err)
	want.EndedAt = &ended
	assert.Equal(t, want, found)
	none, err := r.Standing(r.ctx, testkit.ID("b000", 9))
	require.NoError(t, err)
	assert.Nil(t, none)
}

func sessionToken(t *testing.T, r register) {
	session, token := r.session(t, r.user(t, 1, auth.Customer, true), 1)
	require.NoError(t, r.InTx(r.ctx, func(ctx context.Context) error {
		locked, its, err := r.LockToken(ctx, token.Digest)
		require.NoError(t, err)
		assert.Equal(t, token, locked)
		assert.Equal(t, session, its)
		return r.UseToken(ctx, token.Digest, noon)
	}))
	require.NoError(t, r.InTx(r.ctx, func(ctx context.Context) error {
		locked, _, err := r.LockToken(ctx, token.Digest)
		require.NoError(t, err)
		assert.Equal(t, &noon, locked.UsedAt)
		none, its, err := r.LockToken(ctx, crypto.Digest("none"))
		assert.Nil(t, none)
		assert.Nil(t, its)
		return err
	}))
}

// left are the sessions among the first n that have not ended; a session that is gone is none.
func (r register) left(t *testing.T, n int) string {
	t.Helper()
	alive := ""
	for i := 1; i <= n; i++ {
		found, err := r.Standing(r.ctx, testkit.ID("b000", i))
		require.NoError(t, err)
		if found != nil && found.EndedAt == nil {
			alive += fmt.Sprint(i)
		}
	}
	return alive
}

func sessionEnds(t *testing.T, r register) {
	one, two := r.user(t, 1, auth.Customer, true), r.user(t, 2, auth.Customer, true)
	kept, _ := r.session(t, one, 1)
	r.session(t, one, 2)
	r.session(t, two, 3)
	require.NoError(t, r.EndSessions(r.ctx, one.ID, kept.ID, noon))
	assert.Equal(t, "13", r.left(t, 3))
	require.NoError(t, r.EndSessions(r.ctx, one.ID, "", noon))
	assert.Equal(t, "3", r.left(t, 3))
}

func sessionForgotten(t *testing.T, r register) {
	one, two := r.user(t, 1, auth.Customer, true), r.user(t, 2, auth.Customer, true)
	r.session(t, one, 1)
	r.session(t, one, 2)
	r.session(t, one, 4)
	r.session(t, two, 3)
	expired, err := r.Expired(r.ctx, noon.Add(3*time.Hour), 1)
	require.NoError(t, err)
	assert.Equal(t, []string{testkit.ID("b000", 1)}, expired, "the first")
	expired, err = r.Expired(r.ctx, noon.Add(3*time.Hour), 10)
	require.NoError(t, err)
	assert.Equal(t, []string{testkit.ID("b000", 1), testkit.ID("b000", 2)}, expired)
	for _, want := range []int{1, 1, 0} {
		gone, err := r.ForgetTokens(r.ctx, expired, 1)
		require.NoError(t, err)
		assert.Equal(t, want, gone)
	}
	require.NoError(t, r.ForgetSessions(r.ctx, expired))
	assert.Equal(t, "34", r.left(t, 4))
}

func (r register) factor(t *testing.T) *identity.Factor {
	t.Helper()
	user := r.user(t, 1, auth.Customer, true)
	stored := &identity.Factor{UserID: user.ID, Secret: "a1.k.x", LastStep: 1, CreatedAt: noon}
	require.NoError(t, r.InsertFactor(r.ctx, stored))
	return stored
}

func factorRoundTrip(t *testing.T, r register) {
	stored := r.factor(t)
	stored.Secret, stored.Confirmed, stored.LastStep = "a1.k.y", true, 59_000_000
	require.NoError(t, r.UpdateFactor(r.ctx, stored))
	found, err := r.Factor(r.ctx, stored.UserID)
	require.NoError(t, err)
	assert.Equal(t, stored, found)
	none, err := r.Factor(r.ctx, testkit.ID("a000", 2))
	require.NoError(t, err)
	assert.Nil(t, none)
}

func factorRecovery(t *testing.T, r register) {
	user := r.user(t, 1, auth.Customer, true)
	codes := []identity.RecoveryCode{{UserID: user.ID, Digest: crypto.Digest("a")}, {UserID: user.ID, Digest: crypto.Digest("b")}}
	require.NoError(t, r.InsertRecoveryCodes(r.ctx, codes))
	for _, want := range []bool{true, false} {
		used, err := r.UseRecoveryCode(r.ctx, user.ID, crypto.Digest("a"))
		require.NoError(t, err)
		assert.Equal(t, want, used)
	}
}

func factorDelete(t *testing.T, r register) {
	stored := r.factor(t)
	code := identity.RecoveryCode{UserID: stored.UserID, Digest: crypto.Digest("a")}
	require.NoError(t, r.InsertRecoveryCodes(r.ctx, []identity.RecoveryCode{code}))
	require.NoError(t, r.InTx(r.ctx, func(ctx context.Context) error { return r.DeleteFactor(ctx, stored.UserID) }))
	none, err := r.Factor(r.ctx, stored.UserID)
	require.NoError(t, err)
	assert.Nil(t, none)
	used, err := r.UseRecoveryCode(r.ctx, stored.UserID, code.Digest)
	require.NoError(t, err)
	assert.False(t, used)
}
