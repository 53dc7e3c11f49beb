package webhook

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trellis-go/trellis/platform/crypto"
	"github.com/trellis-go/trellis/platform/problem"
)

// The problems of webhooks.
var (
	ErrWebhookNotFound = problem.Define(http.StatusNotFound, "webhook_not_found", "Webhook not found",
		"No webhook has this id, or it was deleted.")
	ErrDeliveryNotFound = problem.Define(http.StatusNotFound, "delivery_not_found", "Delivery not found",
		"The webhook has no delivery with this id, or it is so old that it was forgotten.")
	ErrDeliveryPending = problem.Define(http.StatusConflict, "delivery_pending", "The delivery is still under way",
		"Only a delivery that has come to its end, well or not, can be sent again.")
	ErrWebhookInactive = problem.Define(http.StatusConflict, "webhook_inactive", "The webhook is switched off",
		"Nothing is sent to a webhook that is not active. Switch it on first.")
)

const (
	maxURL    = 2000
	maxEvents = 32
)

// Webhook is a place that wants to be told of events.
type Webhook struct {
	ID             string     `gorm:"size:36;primaryKey;index:webhook_webhooks_created,priority:2"`
	URL            string     `gorm:"size:2000;not null"`
	Description    string     `gorm:"size:500;not null"`
	Events         string     `gorm:"size:4000;not null"` // patterns of types, with a space between
	Active         bool       `gorm:"not null;index:webhook_webhooks_active"`
	Secret         string     `gorm:"size:200;not null"` // sealed
	OldSecret      string     `gorm:"size:200;not null"` // sealed; those before, with a space between, or ""
	OldSecretUntil *time.Time `gorm:"precision:6"`       // they sign too
	FailingSince   *time.Time `gorm:"precision:6"`       // the first failure since the last success
	DisabledAt     *time.Time `gorm:"precision:6"`       // when it was switched off by its failures
	DisabledReason string     `gorm:"size:200;not null"`
	Version        int64      `gorm:"not null"` // grows by one with every change that a client makes
	CreatedAt      time.Time  `gorm:"precision:6;not null;autoCreateTime:false;index:webhook_webhooks_created,priority:1"`
	UpdatedAt      time.Time  `gorm:"precision:6;not null;autoUpdateTime:false"`
}

// TableName names the table.
func (Webhook) TableName() string { return "webhook_webhooks" }

// purpose is what its secrets are sealed for: they open in no other row.
func (w *Webhook) purpose() string { return "webhook_webhooks.secret:" + w.ID }

// overlaps tells whether old secrets sign too at a time.
func (w *Webhook) overlaps(at time.Time) bool {
	return w.OldSecret != "" && w.OldSecretUntil != nil && at.Before(*w.OldSecretUntil)
}

func (w *Webhook) patterns() []string { return strings.Fields(w.Events) }

// wants tells whether it is to be told of events of this type.
func (w *Webhook) wants(eventType string) bool {
	return slices.ContainsFunc(w.patterns(), func(pattern string) bool { return covers(pattern, eventType) })
}

// covers tells whether a pattern has a type: it is the type itself, words with .* behind them for all that begin so, or *.
func covers(pattern, eventType string) bool {
	prefix, open := strings.CutSuffix(pattern, "*")
	return pattern == eventType || open && strings.HasPrefix(eventType, prefix)
}

// switchOff notes that its failures have switched it off.
func (w *Webhook) switchOff(now time.Time, reason string) {
	w.Active, w.DisabledAt, w.DisabledReason = false, &now, reason
}

// Draft is what somebody wants a webhook to be.
type Draft struct {
	URL         string
	Description string
	Events      []string
	Active      bool
}

// apply makes the webhook what the draft says. One that is switched on again begins anew, and so does one with another URL.
func (w *Webhook) apply(d Draft) {
	if d.Active && !w.Active {
		w.FailingSince, w.DisabledAt, w.DisabledReason = nil, nil, ""
	}
	if d.URL != w.URL {
		w.FailingSince = nil
	}
	w.URL, w.Description, w.Events, w.Active = d.URL, d.Description, strings.Join(d.Events, " "), d.Active
}

func (w *Webhook) draft() Draft {
	return Draft{URL: w.URL, Description: w.Description, Events: w.patterns(), Active: w.Active}
}

// check finds every rule that the draft breaks: problem.Invalid.
func (d Draft) check(cfg Config, allowed func(netip.AddrPort) error) error {
	var broken []problem.Field
	rule := func(pointer, text string) {
		broken = append(broken, problem.Field{In: "body", Pointer: pointer, Detail: text})
	}
	if text := checkURL(d.URL, cfg.AllowHTTP, allowed); text != "" {
		rule("/url", text)
	}
	if len(d.Events) == 0 || len(d.Events) > maxEvents {
		rule("/events", "must be 1 to 32 types or patterns")
	}
	for i, pattern := range d.Events {
		known := slices.ContainsFunc(Types(), func(eventType string) bool { return covers(pattern, eventType) })
		prefix, open := strings.CutSuffix(pattern, "*")
		if !known || open && prefix != "" && !strings.HasSuffix(prefix, ".") {
			rule("/events/"+strconv.Itoa(i), "must be one of "+strings.Join(Types(), ", ")+", the first words of one with .* behind them, or *")
		}
	}
	if len(broken) > 0 {
		return problem.Invalid.New("").With(broken...)
	}
	return nil
}

// checkURL says what is wrong with the address of a webhook, "" when nothing is. What a name resolves to is looked at with every
// connection.
func checkURL(text string, plain bool, allowed func(netip.AddrPort) error) string {
	address, err := url.Parse(text)
	switch {
	case err != nil || address.Host == "" || address.Hostname() == "" || address.Opaque != "" || len(text) > maxURL:
		return "must be the URL of a server, such as https://example.com/hooks"
	case address.Scheme != "https" && (address.Scheme != "http" || !plain):
		return "must begin with https://"
	case address.User != nil:
		return "must have no user and password: what is sent is signed"
	case address.Fragment != "":
		return "must have no fragment"
	}
	if ip, err := netip.ParseAddr(address.Hostname()); err == nil && allowed(netip.AddrPortFrom(ip, 0)) != nil {
		return "must be a public address"
	}
	return ""
}

const (
	secretPrefix = "whsec_"
	secretBytes  = 32
)

// newSecret is a secret as receivers are shown it.
func newSecret() string {
	raw := make([]byte, secretBytes)
	_, _ = rand.Read(raw) // never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(raw)
}

// sign is the signature of one message under a secret: "v1," and the HMAC-SHA256 of id, time and body.
func sign(secret, id string, at time.Time, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil {
		return "", err
	}
	message := append([]byte(id+"."+strconv.FormatInt(at.Unix(), 10)+"."), body...)
	return "v1," + base64.StdEncoding.EncodeToString(crypto.Sign(key, message)), nil
}
