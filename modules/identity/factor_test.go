package identity_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/identity"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/crypto"
	"github.com/trellis-go/trellis/test/testkit"
)

// authenticator is the app on somebody's telephone: it computes codes as RFC 6238 says, on its own.
type authenticator struct {
	secret []byte
	clock  *testkit.Clock
}

func (a authenticator) code(offset time.Duration) string {
	mac := hmac.New(sha1.New, a.secret)
	_ = binary.Write(mac, binary.BigEndian, a.clock.Now().Add(offset).Unix()/30)
	sum := mac.Sum(nil)
	at := sum[19] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff)%1000000)
}

// begin sets a second factor up, without confirming it.
func (a *app) begin(client testkit.Client) authenticator {
	a.t.Helper()
	var made struct{ Secret, URI string }
	send(a.t, client, "POST", "/me/second-factor", map[string]string{"password": secret}).Must(http.StatusOK).Into(&made)
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(made.Secret)
	require.NoError(a.t, err)
	uri, err := url.Parse(made.URI)
	require.NoError(a.t, err)
	assert.Equal(a.t, made.Secret, uri.Query().Get("secret"))
	assert.Equal(a.t, "otpauth://totp/Trellis:ada@example.com", strings.Split(strings.ReplaceAll(made.URI, "%3A", ":"), "?")[0])
	return authenticator{raw, a.clock}
}

func (a *app) confirm(client testkit.Client, code string) testkit.Answer {
	a.t.Helper()
	return send(a.t, client, "POST", "/me/second-factor/confirmation", map[string]string{"code": code})
}

// secured is ada with a second factor, and her recovery codes.
func (a *app) secured() (testkit.Client, authenticator, []string) {
	a.t.Helper()
	a.user(ada, auth.Customer)
	client := a.With(a.login(ada).Access)
	phone := a.begin(client)
	var got struct {
		RecoveryCodes []string `json:"recovery_codes"`
	}
	a.confirm(client, phone.code(0)).Must(http.StatusOK).Into(&got)
	a.clock.Advance(time.Minute)
	return client, phone, got.RecoveryCodes
}

func (a *app) loginWith(code string) testkit.Answer {
	a.t.Helper()
	return a.post("/auth/login", map[string]string{"email": ada, "password": secret, "code": code})
}

func TestASecondFactorIsAskedForOnceItIsConfirmed(t *testing.T) {
	a := serve(t)
	a.user(ada, auth.Customer)
	client := a.With(a.login(ada).Access)
	a.confirm(client, "123456").Must(http.StatusConflict)
	send(t, client, "POST", "/me/second-factor", map[string]string{"password": "wrong password"}).Must(http.StatusUnauthorized)
	lost := a.begin(client)
	a.loginWith("").Must(http.StatusOK)
	phone := a.begin(client)
	a.confirm(client, lost.code(0)).Must(http.StatusUnauthorized)
	a.confirm(client, phone.code(0)).Must(http.StatusOK)
	a.confirm(client, phone.code(0)).Must(http.StatusConflict)
	send(t, client, "POST", "/me/second-factor", map[string]string{"password": secret}).Must(http.StatusConflict)

	assert.Equal(t, "second_factor_required", a.loginWith("").Must(http.StatusUnauthorized).Problem().Code)
	assert.Equal(t, "invalid_code", a.loginWith(phone.code(0)).Must(http.StatusUnauthorized).Problem().Code, "that one was shown")
	answer := a.post("/auth/login", map[string]string{"email": ada, "password": "wrong password", "code": phone.code(time.Minute)})
	assert.Equal(t, "invalid_credentials", answer.Must(http.StatusUnauthorized).Problem().Code, "who does not know the password learns nothing")
}

func TestACodeCountsOnceAndWithinItsTime(t *testing.T) {
	a := serve(t)
	_, phone, _ := a.secured()
	a.loginWith(phone.code(-2 * time.Minute)).Must(http.StatusUnauthorized)
	a.loginWith(phone.code(2 * time.Minute)).Must(http.StatusUnauthorized)
	code := phone.code(0)
	a.loginWith(code[:3] + " " + code[3:]).Must(http.StatusOK)
	a.loginWith(code).Must(http.StatusUnauthorized)
	a.clock.Advance(time.Minute)
	a.loginWith(phone.code(30 * time.Second)).Must(http.StatusOK) // a clock that is ahead
	a.loginWith(phone.code(0)).Must(http.StatusUnauthorized)      // an earlier one than was taken
}

func TestARecoveryCodeStandsInOnce(t *testing.T) {
	a := serve(t)
	_, _, codes := a.secured()
	require.Len(t, codes, 10)
	a.loginWith(codes[0]).Must(http.StatusOK)
	a.loginWith(codes[0]).Must(http.StatusUnauthorized)
	a.loginWith(strings.ToLower(strings.ReplaceAll(codes[1], "-", ""))).Must(http.StatusOK)
	a.loginWith("ABCD-EFGH-IJKL-MNOP").Must(http.StatusUnauthorized)
}

func TestASecondFactorIsTakenAwayByItsOwner(t *testing.T) {
	a := serve(t)
	client, phone, codes := a.secured()
	remove := func(password, code string) testkit.Answer {
		return send(t, client, "POST", "/me/second-factor/removal", map[string]string{"password": password, "code": code})
	}
	remove("wrong password", phone.code(0)).Must(http.StatusUnauthorized)
	remove(secret, "").Must(http.StatusUnauthorized)
	remove(secret, codes[0]).Must(http.StatusNoContent)
	remove(secret, codes[1]).Must(http.StatusConflict)
	a.loginWith("").Must(http.StatusOK)
	a.confirm(client, a.begin(client).code(0)).Must(http.StatusOK)
	a.loginWith(codes[1]).Must(http.StatusUnauthorized) // of the factor before
}

func TestGuessesOfCodesAreLimitedFromEverywhere(t *testing.T) {
	a := serve(t, func(c *identity.Config) {
		c.Factor.Requests, c.Factor.Period, c.Factor.Burst = 1, time.Hour, 5
	})
	client, phone, codes := a.secured()
	assert.NotContains(t, a.log.String(), "too many codes")
	refused := 0
	for i := range 8 {
		answer := a.From(fmt.Sprintf("192.0.2.%d", i)).Do("POST", prefix+"/auth/login",
			`{"email":"`+ada+`","password":"`+secret+`","code":"000000"}`)
		if answer.Status == http.StatusTooManyRequests {
			refused++
		}
	}
	assert.Positive(t, refused)
	right := a.From("192.0.2.99").Do("POST", prefix+"/auth/login", `{"email":"`+ada+`","password":"`+secret+`","code":"`+phone.code(0)+`"}`)
	right.Must(http.StatusTooManyRequests)
	assert.Contains(t, a.log.String(), "too many codes")
	removal := send(t, client, "POST", "/me/second-factor/removal", map[string]string{"password": secret, "code": phone.code(0)})
	removal.Must(http.StatusTooManyRequests)
	recovery := a.From("192.0.2.99").Do("POST", prefix+"/auth/login", `{"email":"`+ada+`","password":"`+secret+`","code":"`+codes[0]+`"}`)
	recovery.Must(http.StatusOK)
}

func TestConfirmingAFactorSpendsNothingOfSigningIn(t *testing.T) {
	a := serve(t, func(c *identity.Config) {
		c.Factor.Requests, c.Factor.Period, c.Factor.Burst = 1, time.Hour, 3
	})
	client, phone, _ := a.secured()
	for range 5 {
		send(t, client, "POST", "/me/second-factor/confirmation", map[string]string{"code": "000000"})
	}
	a.loginWith(phone.code(0)).Must(http.StatusOK)
}

func TestASecretIsSealedAnewWithTheNewestKeyWhenACodeIsShown(t *testing.T) {
	m := testkit.Database(t)
	old := serveOn(t, m)
	_, phone, _ := old.secured()
	a := serveSealing(t, m, crypto.NewKey("second")+"\n"+sealing)
	a.clock.Advance(time.Minute)
	a.loginWith(phone.code(0)).Must(http.StatusOK)
	made, err := a.repo.UserByEmail(t.Context(), ada)
	require.NoError(t, err)
	factor, err := a.repo.Factor(t.Context(), made.ID)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(factor.Secret, "a1.second."), factor.Secret)
	a.loginWith(phone.code(30 * time.Second)).Must(http.StatusOK)
}

func TestTheSecretIsSealedAndBelongsToItsRow(t *testing.T) {
	a := serve(t)
	a.secured()
	made, err := a.repo.UserByEmail(t.Context(), ada)
	require.NoError(t, err)
	factor, err := a.repo.Factor(t.Context(), made.ID)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(factor.Secret, "a1.test."), factor.Secret)
	other := a.user("bob@example.com", auth.Customer)
	factor.UserID, factor.LastStep = other.ID, 0
	require.NoError(t, a.repo.InsertFactor(t.Context(), factor))
	answer := a.post("/auth/login", map[string]string{"email": "bob@example.com", "password": secret, "code": "123456"})
	answer.Must(http.StatusInternalServerError)
}
