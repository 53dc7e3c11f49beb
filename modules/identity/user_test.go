package identity_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/identity"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

func patch(client testkit.Client, userID, etag, body string) testkit.Answer {
	return client.Do(http.MethodPatch, prefix+"/users/"+userID, body, "If-Match", etag, "Content-Type", "application/merge-patch+json")
}

func TestAccountsAreListedPageByPage(t *testing.T) {
	a := serve(t)
	staff := a.as(auth.Staff)
	for i := range 4 {
		a.user(fmt.Sprintf("c%d@example.com", i), auth.Customer)
	}
	read := func(query string) []string {
		var emails []string
		cursor := ""
		for {
			var page struct {
				Items      []struct{ Email string }
				NextCursor string `json:"next_cursor"`
			}
			staff.Get(prefix + "/users?limit=2&" + query + "&cursor=" + cursor).Must(http.StatusOK).Into(&page)
			for _, one := range page.Items {
				emails = append(emails, one.Email)
			}
			if cursor = page.NextCursor; cursor == "" {
				return emails
			}
		}
	}
	all := []string{"c0@example.com", "c1@example.com", "c2@example.com", "c3@example.com", "staff@example.com"}
	assert.Equal(t, all, read("sort=email"))
	assert.Equal(t, []string{"staff@example.com", "c0@example.com", "c1@example.com", "c2@example.com", "c3@example.com"}, read("sort=created_at"))
	assert.Equal(t, all[:4], read("sort=email&role=customer"))
	assert.Equal(t, all, read("sort=email&active=true"))
	assert.Empty(t, read("sort=email&active=false"))
}

func TestOnlyWhoMaySeesAndChangesAccounts(t *testing.T) {
	a := serve(t)
	somebody := a.user(ada, auth.Customer)
	for role, statuses := range map[auth.Role][3]int{
		auth.Customer: {http.StatusForbidden, http.StatusForbidden, http.StatusForbidden},
		auth.Staff:    {http.StatusOK, http.StatusOK, http.StatusForbidden},
		auth.Admin:    {http.StatusOK, http.StatusOK, http.StatusOK},
	} {
		client := a.as(role)
		client.Get(prefix + "/users").Must(statuses[0])
		client.Get(prefix + "/users/" + somebody.ID).Must(statuses[1])
		patch(client, somebody.ID, "*", `{}`).Must(statuses[2])
	}
	a.Get(prefix + "/users").Must(http.StatusUnauthorized)
}

func TestARoleCountsAtOnceInTheSessionsThatThereAre(t *testing.T) {
	a := serve(t)
	admin := a.as(auth.Admin)
	made := a.user(ada, auth.Customer)
	hers := a.With(a.login(ada).Access)
	hers.Get(prefix + "/users").Must(http.StatusForbidden)
	read := admin.Get(prefix + "/users/" + made.ID).Must(http.StatusOK)
	admin.Get(prefix+"/users/"+made.ID, "If-None-Match", read.Header.Get("ETag")).Must(http.StatusNotModified)
	answer := patch(admin, made.ID, read.Header.Get("ETag"), `{"role":"staff"}`).Must(http.StatusOK)
	assert.Equal(t, "staff", answer.JSON()["role"])
	assert.Equal(t, true, answer.JSON()["active"])
	hers.Get(prefix + "/users").Must(http.StatusOK)
	patch(admin, made.ID, read.Header.Get("ETag"), `{"role":"admin"}`).Must(http.StatusPreconditionFailed)
	patch(admin, made.ID, "*", `{"role":"root"}`).Must(http.StatusUnprocessableEntity)
	patch(admin, "nobody", "*", `{"role":"staff"}`).Must(http.StatusNotFound)
	admin.Get(prefix + "/users/nobody").Must(http.StatusNotFound)
}

func TestADeactivatedAccountIsOutOnEveryReplica(t *testing.T) {
	m := testkit.Database(t)
	one, two := serveOn(t, m), serveOn(t, m)
	admin := one.as(auth.Admin)
	made := one.user(ada, auth.Customer)
	session := two.login(ada)
	assert.Equal(t, http.StatusOK, two.me(session.Access))
	patch(admin, made.ID, "*", `{"active":false}`).Must(http.StatusOK)
	two.gone(session.Access)
	two.refresh(session.Refresh).Must(http.StatusUnauthorized)
	two.post("/auth/login", map[string]string{"email": ada, "password": secret}).Must(http.StatusUnauthorized)
	patch(admin, made.ID, "*", `{"active":true}`).Must(http.StatusOK)
	assert.Equal(t, http.StatusUnauthorized, two.me(session.Access), "what has ended stays so")
	two.login(ada)
}

func TestTheLastAdminStays(t *testing.T) {
	a := serve(t)
	admin := a.as(auth.Admin)
	var me struct{ ID string }
	admin.Get(prefix + "/me").Into(&me)
	for _, change := range []string{`{"active":false}`, `{"role":"staff"}`} {
		assert.Equal(t, "last_admin", patch(admin, me.ID, "*", change).Must(http.StatusConflict).Problem().Code)
	}
	patch(admin, me.ID, "*", `{"role":"admin"}`).Must(http.StatusOK)
	a.user(ada, auth.Admin)
	patch(admin, me.ID, "*", `{"role":"staff"}`).Must(http.StatusOK)
	admin.Get(prefix + "/me").Must(http.StatusOK)
}

func TestTwoAdminsCannotTakeEachOtherAway(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		a := serveOn(t, m)
		admins := []*identity.User{a.user("a@example.com", auth.Admin), a.user("b@example.com", auth.Admin)}
		done := make(chan error, len(admins))
		for _, one := range admins {
			go func() {
				_, err := a.service.UpdateUser(t.Context(), one.ID, func(int64) error { return nil },
					func(now identity.Change) (identity.Change, error) { now.Role = auth.Staff; return now, nil })
				done <- err
			}()
		}
		first, second := <-done, <-done
		if first == nil {
			first, second = second, first
		}
		require.ErrorIs(t, first, identity.ErrLastAdmin)
		require.NoError(t, second)
	})
}

func TestTheFirstAdminIsMadeOnceAndThePasswordShownOnce(t *testing.T) {
	m := testkit.Database(t)
	admin := func(c *identity.Config) { c.Admin.Email = "Root@example.com" }
	first, second := serveOn(t, m, admin), serveOn(t, m, admin)
	require.NoError(t, first.service.Seed(t.Context()))
	require.NoError(t, second.service.Seed(t.Context()))
	var email, password string
	_, err := fmt.Sscanf(first.console.String(), "\n  The first admin was made. This is shown once:\n\n    email     %s\n    password  %s\n", &email, &password)
	require.NoError(t, err, first.console)
	assert.Empty(t, second.console.String())
	assert.NotContains(t, first.log.String(), password)
	pair := first.tokens(first.post("/auth/login", map[string]string{"email": email, "password": password}))
	first.With(pair.Access).Get(prefix + "/users").Must(http.StatusOK)
}

func TestNoAdminIsMadeUnlessOneIsConfigured(t *testing.T) {
	a := serve(t)
	require.NoError(t, a.service.Seed(t.Context()))
	there, err := a.repo.HasAdmin(t.Context())
	require.NoError(t, err)
	assert.False(t, there)

	configured := serve(t, func(c *identity.Config) { c.Admin.Email, c.Admin.Password = ada, secret })
	require.NoError(t, configured.service.Seed(t.Context()))
	configured.login(ada)
	assert.Empty(t, configured.console.String(), "who configured the password knows it")

	taken := serve(t, func(c *identity.Config) { c.Admin.Email = ada })
	taken.user(ada, auth.Customer)
	require.ErrorContains(t, taken.service.Seed(t.Context()), "modules.identity.admin")
}
