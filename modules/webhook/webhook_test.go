package webhook_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/webhook"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/crypto"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

// change sends a merge patch.
func (a *app) change(w hook, patch string) testkit.Answer {
	a.t.Helper()
	return a.Do("PATCH", "/api/webhooks/"+w.ID, patch, "If-Match", fmt.Sprintf(`"%d"`, w.Version), "Content-Type", "application/merge-patch+json")
}

func TestAWebhookIsCreatedReadChangedAndDeleted(t *testing.T) {
	a := serve(t)
	answer := a.Do("POST", "/api/webhooks", `{"url":"https://example.com/hooks","events":["order.*"],"description":"The warehouse"}`).Must(http.StatusCreated)
	assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
	var made hook
	answer.Into(&made)
	assert.True(t, made.Active)
	assert.True(t, strings.HasPrefix(made.Secret, "whsec_"))

	read := a.Get(answer.Header.Get("Location")).Must(http.StatusOK)
	assert.Equal(t, answer.Header.Get("ETag"), read.Header.Get("ETag"))
	assert.NotContains(t, read.Body, "whsec_", "the secret is shown once")
	assert.NotContains(t, read.Body, "a1.", "and not as it is stored either")

	var changed hook
	a.change(made, `{"url":"https://example.com/other"}`).Must(http.StatusOK).Into(&changed)
	assert.Equal(t, "https://example.com/other", changed.URL)
	assert.Equal(t, []string{"order.*"}, changed.Events)
	a.change(made, `{"active":false}`).Must(http.StatusPreconditionFailed)
	a.Do("DELETE", "/api/webhooks/"+made.ID, "").Must(http.StatusPreconditionRequired)
	a.Do("DELETE", "/api/webhooks/"+made.ID, "", "If-Match", `"2"`).Must(http.StatusNoContent)
	assert.Equal(t, "webhook_not_found", a.Get("/api/webhooks/"+made.ID).Must(http.StatusNotFound).Problem().Code)
	a.Do("DELETE", "/api/webhooks/"+made.ID, "", "If-Match", `"2"`).Must(http.StatusNotFound)
}

func TestWebhooksAreListedPageByPage(t *testing.T) {
	a := serve(t)
	for i := range 3 {
		a.create(fmt.Sprintf("http://localhost/%d", i))
	}
	first := a.Get("/api/webhooks?limit=2&sort=created_at").Must(http.StatusOK)
	assert.Contains(t, first.Body, "http://localhost/0")
	second := a.Get(fmt.Sprintf("/api/webhooks?limit=2&sort=created_at&cursor=%s", first.JSON()["next_cursor"])).Must(http.StatusOK)
	assert.Len(t, second.JSON()["items"], 1)
	assert.NotContains(t, first.Body, "whsec_")
	a.Get("/api/webhooks?cursor=nonsense").Must(http.StatusBadRequest)
}

func TestStaffManageWebhooksAndCustomersDoNot(t *testing.T) {
	a := serve(t)
	a.As(auth.Staff).Get("/api/webhooks").Must(http.StatusOK)
	a.As(auth.Customer).Get("/api/webhooks").Must(http.StatusForbidden)
	a.With("").Get("/api/webhooks").Must(http.StatusUnauthorized)
}

func TestAWebhookThatCannotBeIsRefused(t *testing.T) {
	strict := serve(t, func(c *webhook.Config) { c.AllowHTTP, c.AllowPrivate = false, false })
	for body, pointer := range map[string]string{
		`{"url":"http://example.com","events":["*"]}`:                                "/url",
		`{"url":"ftp://example.com","events":["*"]}`:                                 "/url",
		`{"url":"https://","events":["*"]}`:                                          "/url",
		`{"url":"https://:443/","events":["*"]}`:                                     "/url",
		`{"url":"mailto:ada@example.com","events":["*"]}`:                            "/url",
		`{"url":"://","events":["*"]}`:                                               "/url",
		`{"url":"https://ada:secret@example.com","events":["*"]}`:                    "/url",
		`{"url":"https://example.com/#here","events":["*"]}`:                         "/url",
		`{"url":"https://127.0.0.1/","events":["*"]}`:                                "/url",
		`{"url":"https://10.1.2.3:8443/","events":["*"]}`:                            "/url",
		`{"url":"https://169.254.169.254/latest/meta-data","events":["*"]}`:          "/url",
		`{"url":"https://[::1]/","events":["*"]}`:                                    "/url",
		`{"url":"https://[fd00::1]/","events":["*"]}`:                                "/url",
		`{"url":"https://[::ffff:127.0.0.1]/","events":["*"]}`:                       "/url",
		`{"url":"https://example.com","events":[]}`:                                  "/events",
		`{"url":"https://example.com","events":["order.lost.v1"]}`:                   "/events/0",
		`{"url":"https://example.com","events":["order.paid.v1","ord*"]}`:            "/events/1",
		`{"url":"https://example.com","events":["product.*","order.paid.v1.*"]}`:     "/events/1",
		`{"url":"https://example.com","events":["order.*.v1"]}`:                      "/events/0",
		`{"url":"https://example.com","events":["*"],"secret":"mine"}`:               "/secret",
		`{"url":"https://` + strings.Repeat("a", 2000) + `.example","events":["*"]}`: "/url",
	} {
		doc := strict.Do("POST", "/api/webhooks", body).Must(http.StatusUnprocessableEntity).Problem()
		require.Len(t, doc.Errors, 1, body)
		assert.Equal(t, pointer, doc.Errors[0].Pointer, body)
	}
	made := strict.create("https://example.com")
	strict.change(made, `{"url":"https://127.0.0.1"}`).Must(http.StatusUnprocessableEntity)
	for _, events := range []string{`"*"`, `"order.*"`, `"order.placed.*"`, `"order.placed.v1","stock.changed.v1"`} {
		strict.Do("POST", "/api/webhooks", `{"url":"https://example.com","events":[`+events+`]}`).Must(http.StatusCreated)
	}
}

func TestNetworksThatAreNoneAreRefusedAtTheStart(t *testing.T) {
	cfg := settings()
	cfg.AllowPrivate, cfg.Networks = false, []string{"nowhere"}
	_, err := webhook.NewSender(cfg, nil, nil, nil, nil, nil)
	assert.ErrorContains(t, err, "modules.webhook.networks")
	cfg.Database = "nowhere"
	_, err = webhook.NewRepository(cfg, testkit.Database(t))
	assert.ErrorContains(t, err, "modules.webhook.database")
}

func TestAnOldSecretSignsBesideTheNewOneForATime(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		a, r := serveOn(t, m, &testkit.Clock{}, sealing), answering(t, 200)
		made := a.create(r.URL)
		var rotated hook
		answer := a.Do("POST", "/api/webhooks/"+made.ID+"/secret", "", "If-Match", `"1"`).Must(http.StatusOK)
		answer.Into(&rotated)
		assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
		assert.NotEqual(t, made.Secret, rotated.Secret)
		assert.NotNil(t, rotated.OldSecretUntil)
		a.Do("POST", "/api/webhooks/"+made.ID+"/secret", "", "If-Match", `"1"`).Must(http.StatusPreconditionFailed)

		a.work()
		a.tell("order.placed.v1")
		require.Eventually(t, func() bool { return len(r.requests()) == 1 }, patience, 5*time.Millisecond)
		got := r.requests()[0]
		assert.Len(t, strings.Fields(got.header.Get("Webhook-Signature")), 2)
		require.NoError(t, verify(t, made.Secret, got))
		require.NoError(t, verify(t, rotated.Secret, got))

		a.clock.Advance(time.Hour)
		a.tell("order.paid.v1")
		require.Eventually(t, func() bool { return len(r.requests()) == 2 }, patience, 5*time.Millisecond)
		late := r.requests()[1]
		assert.Len(t, strings.Fields(late.header.Get("Webhook-Signature")), 1, "the old one counts no longer")
	})
}

// rotate gives a webhook a new secret.
func (a *app) rotate(w hook) hook {
	a.t.Helper()
	var rotated hook
	a.Do("POST", "/api/webhooks/"+w.ID+"/secret", "", "If-Match", fmt.Sprintf(`"%d"`, w.Version)).Must(http.StatusOK).Into(&rotated)
	return rotated
}

func TestASecretSignsOnWhenTheOneAfterItIsReplacedToo(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		a, r := serveOn(t, m, &testkit.Clock{}, crypto.NewKey(strings.Repeat("k", 32))), answering(t, 200)
		a.work()
		signed := func(signatures int, by ...hook) received {
			t.Helper()
			before := len(r.requests())
			a.tell("order.placed.v1")
			require.Eventually(t, func() bool { return len(r.requests()) > before }, patience, 5*time.Millisecond)
			got := r.requests()[before]
			assert.Len(t, strings.Fields(got.header.Get("Webhook-Signature")), signatures)
			for _, w := range by {
				require.NoError(t, verify(t, w.Secret, got))
			}
			return got
		}
		first := a.create(r.URL)
		second := a.rotate(first)
		third := a.rotate(second)
		signed(3, first, second, third)
		stored, err := a.repo.Webhook(t.Context(), first.ID)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(stored.OldSecret), 200, "there is room for it on every engine")

		fourth := a.rotate(third)
		got := signed(3, second, third, fourth)
		require.Error(t, verify(t, first.Secret, got), "two old ones sign, and no more")
		a.clock.Advance(time.Hour)
		signed(1)
		a.rotate(fourth)
		signed(2)
	})
}

func TestOldSecretsAreSealedWithTheNewestKeyAndSignOn(t *testing.T) {
	a, r := serve(t), answering(t, 200)
	first := a.create(r.URL)
	second := a.rotate(first)
	third := a.rotate(second)
	renewed := serveOn(t, a.databases, a.clock, crypto.NewKey("second")+"\n"+sealing)
	done, err := renewed.service.Clean(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, done.Secrets)
	stored, err := a.repo.Webhook(t.Context(), first.ID)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(stored.OldSecret, "a1.second."))
	renewed.work()
	renewed.tell("order.placed.v1")
	assert.Equal(t, "delivered", renewed.ended(first.ID).State)
	for _, w := range []hook{first, second, third} {
		require.NoError(t, verify(t, w.Secret, r.requests()[0]))
	}
}

func TestAnOldSecretThatCannotBeOpenedIsLetGoWhenTheNextOneIsReplaced(t *testing.T) {
	a, r := serve(t), answering(t, 200)
	second := a.rotate(a.create(r.URL))
	a.exec("UPDATE webhook_webhooks SET old_secret = 'a1.lost.x'")
	third := a.rotate(second)
	a.work()
	a.tell("order.placed.v1")
	assert.Equal(t, "delivered", a.ended(third.ID).State)
	require.NoError(t, verify(t, second.Secret, r.requests()[0]))
	require.NoError(t, verify(t, third.Secret, r.requests()[0]))
}

func TestASecretThatCannotBeOpenedIsNotReplacedWhileAnOldOneSigns(t *testing.T) {
	a := serve(t)
	second := a.rotate(a.create("http://localhost/"))
	a.exec("UPDATE webhook_webhooks SET secret = 'a1.lost.x'")
	a.Do("POST", "/api/webhooks/"+second.ID+"/secret", "", "If-Match", `"2"`).Must(http.StatusInternalServerError)
}

func TestASecretThatCannotBeOpenedKeepsNoOtherFromBeingSealedAnew(t *testing.T) {
	a := serve(t)
	lost := a.create("http://localhost/lost")
	a.create("http://localhost/one")
	a.create("http://localhost/other")
	a.exec("UPDATE webhook_webhooks SET secret = 'a1.lost.x' WHERE id = '" + lost.ID + "'")
	renewed := serveOn(t, a.databases, a.clock, crypto.NewKey("second")+"\n"+sealing)
	for _, secrets := range []int{2, 0} {
		done, err := renewed.service.Clean(t.Context())
		require.ErrorIs(t, err, crypto.ErrSealed, "it is told of each time")
		require.ErrorContains(t, err, lost.ID)
		assert.Equal(t, secrets, done.Secrets)
	}
}

func TestOldDeliveriesAndOldSecretsAreForgotten(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		clock, r := &testkit.Clock{}, answering(t, 200)
		a := serveOn(t, m, clock, sealing)
		made := a.create(r.URL)
		a.Do("POST", "/api/webhooks/"+made.ID+"/secret", "", "If-Match", `"1"`).Must(http.StatusOK)
		end := a.work()
		a.tell("order.placed.v1")
		old := a.ended(made.ID)
		end()
		clock.Advance(25 * time.Hour)
		a.tell("order.paid.v1")

		replaced := crypto.NewKey("second") + "\n" + sealing
		renewed := serveOn(t, m, clock, replaced)
		done, err := renewed.service.Clean(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, done.Deliveries)
		assert.Equal(t, 1, done.Secrets)
		a.Get("/api/webhooks/" + made.ID + "/deliveries/" + old.ID).Must(http.StatusNotFound)
		attempts, err := a.repo.Attempts(t.Context(), old.ID)
		require.NoError(t, err)
		assert.Empty(t, attempts)
		assert.Len(t, a.deliveries(made.ID, ""), 1, "what is on its way stays")
		stored, err := a.repo.Webhook(t.Context(), made.ID)
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(stored.Secret, "a1.second."), "it is sealed with the newest key")
		assert.Empty(t, stored.OldSecret)
		done, err = renewed.service.Clean(t.Context())
		require.NoError(t, err)
		assert.Zero(t, done)
	})
}

func TestSecretsAreNeitherStoredNorLogged(t *testing.T) {
	a, r := serve(t), answering(t, 410)
	made := a.create(r.URL)
	a.tell("order.placed.v1")
	a.work()
	a.ended(made.ID)
	stored, err := a.repo.Webhook(t.Context(), made.ID)
	require.NoError(t, err)
	assert.NotContains(t, stored.Secret, strings.TrimPrefix(made.Secret, "whsec_"))
	assert.NotContains(t, a.log.String(), "whsec_")
}
