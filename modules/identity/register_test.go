package identity_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/identity"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/test/testkit"
)

const prefix = "/api/v2"

func send(t *testing.T, client testkit.Client, method, path string, body any) testkit.Answer {
	t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	return client.Do(method, prefix+path, string(raw))
}

func (a *app) register(email, password string) testkit.Answer {
	a.t.Helper()
	return a.post("/auth/register", map[string]string{"email": email, "password": password})
}

func TestAStrangerRegistersAsACustomer(t *testing.T) {
	a := serve(t)
	answer := a.register(" Ada@Example.COM ", secret).Must(http.StatusCreated)
	assert.Equal(t, prefix+"/me", answer.Header.Get("Location"))
	shown := answer.JSON()
	assert.Equal(t, ada, shown["email"])
	assert.Equal(t, "customer", shown["role"])
	assert.NotContains(t, answer.Body, "hash")

	me := a.With(a.login("ADA@example.com").Access).Get(prefix + "/me").Must(http.StatusOK)
	assert.Equal(t, shown, me.JSON())
	a.With(a.login(ada).Access).Get(prefix+"/me", "If-None-Match", me.Header.Get("ETag")).Must(http.StatusNotModified)
}

func TestAnAddressBelongsToOneAccount(t *testing.T) {
	a := serve(t)
	a.register("zoë@example.com", secret).Must(http.StatusCreated)
	for _, same := range []string{"ZOË@EXAMPLE.COM", "zoe\u0308@example.com", " zoë@example.com"} {
		answer := a.register(same, secret).Must(http.StatusConflict)
		assert.Equal(t, "email_taken", answer.Problem().Code)
	}
}

func TestOfManyWhoRegisterAnAddressAtOnceOneGetsIt(t *testing.T) {
	a := serve(t)
	statuses := make([]int, 8)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() { statuses[i] = a.register(ada, secret).Status })
	}
	all.Wait()
	made := 0
	for _, status := range statuses {
		if status == http.StatusCreated {
			made++
		} else {
			assert.Equal(t, http.StatusConflict, status)
		}
	}
	assert.Equal(t, 1, made)
}

func TestWhatIsNoAddressIsRefused(t *testing.T) {
	a := serve(t)
	for _, bad := range []string{"", "ada", "ada@", "@example.com", "Ada <ada@example.com>", "a b@example.com", "\"a b\"@example.com", "ada@example.com\r\nX: y", "ada@example.com,bob@example.com"} {
		answer := a.register(bad, secret).Must(http.StatusUnprocessableEntity)
		assert.Equal(t, "/email", answer.Problem().Errors[0].Pointer, bad)
	}
}

func TestPasswordsHaveRules(t *testing.T) {
	a := serve(t)
	for password, good := range map[string]bool{
		"sevens7":                 false,
		"12345678":                false,
		"PassWord1":               false,
		"qwertyuiop":              false,
		"trustno1":                false,
		"customer.person":         false, // the part before the @
		"customer.person@shop.de": false,
		strings.Repeat("x", 129):  false,
		strings.Repeat("ä", 128):  true,
		"пароль-пароль":           true,
		"eight ch":                true,
	} {
		_, err := a.service.CreateUser(t.Context(), "customer.person@shop.de", password, auth.Customer)
		if good {
			require.NoError(t, err, password)
			require.NoError(t, a.delete("customer.person@shop.de"))
			continue
		}
		require.ErrorContains(t, err, "/password", password)
	}
	_, err := a.service.CreateUser(t.Context(), ada, "not text\xff\xff\xff", auth.Customer)
	require.ErrorContains(t, err, "must be text")
}

func (a *app) delete(email string) error {
	return a.repo.Writer(a.t.Context()).Where("email = ?", email).Delete(&identity.User{}).Error
}

func TestAPasswordCountsWholeAndHoweverItIsTyped(t *testing.T) {
	a := serve(t)
	long := strings.Repeat("é", 127)
	a.register(ada, long+"1").Must(http.StatusCreated)
	login := func(password string) int {
		return a.post("/auth/login", map[string]string{"email": ada, "password": password}).Status
	}
	assert.Equal(t, http.StatusOK, login(long+"1"))
	assert.Equal(t, http.StatusOK, login(strings.Repeat("e\u0301", 127)+"1"), "by other code points")
	assert.Equal(t, http.StatusUnauthorized, login(long+"2"))
	assert.Equal(t, http.StatusUnauthorized, login(long))
}

func TestRegistrationCanBeClosed(t *testing.T) {
	a := serve(t, func(c *identity.Config) { c.Registration = false })
	assert.Equal(t, "registration_closed", a.register(ada, secret).Must(http.StatusForbidden).Problem().Code)
	a.user(ada, auth.Staff)
	a.login(ada)
}

func TestAnAccountHasOneOfTheRoles(t *testing.T) {
	_, err := serve(t).service.CreateUser(t.Context(), ada, secret, "root")
	require.ErrorContains(t, err, "root")
}
