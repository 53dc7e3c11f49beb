package identity

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238: what authenticators compute
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/trellis-go/trellis/platform/problem"
)

// The problems of second factors.
var (
	ErrFactorExists = problem.Define(http.StatusConflict, "second_factor_exists", "The account has a second factor",
		"Take the second factor away before you set up another one.")
	ErrNoFactor = problem.Define(http.StatusConflict, "no_second_factor", "The account has no second factor",
		"There is none to confirm or to take away. Set one up first.")
)

// Factor is the second factor of an account: the secret that it shares with an authenticator.
type Factor struct {
	UserID    string    `gorm:"size:36;primaryKey"`
	Secret    string    `gorm:"size:255;not null"` // sealed
	Confirmed bool      `gorm:"not null"`          // a code was shown: from now on one is asked for
	LastStep  int64     `gorm:"not null"`          // of the last code that was taken: no code counts twice
	CreatedAt time.Time `gorm:"precision:6;not null;autoCreateTime:false"`
	User      *User     `gorm:"constraint:identity_factors_user_fk"`
}

// TableName names the table.
func (Factor) TableName() string { return "identity_factors" }

// purpose is what the secret is sealed for.
func (f *Factor) purpose() string { return "identity_factors.secret:" + f.UserID }

// RecoveryCode stands in for an authenticator that is lost, once.
type RecoveryCode struct {
	UserID string `gorm:"size:36;primaryKey"`
	Digest string `gorm:"size:64;primaryKey"` // of the code, which is not stored
	User   *User  `gorm:"constraint:identity_recovery_codes_user_fk"`
}

// TableName names the table.
func (RecoveryCode) TableName() string { return "identity_recovery_codes" }

const (
	secretBytes   = 20 // as long as the hash, as RFC 4226 wants
	stepSeconds   = 30
	codeDigits    = 6
	driftSteps    = 1  // by which the clock of an authenticator may be off, to either side
	recoveryCodes = 10 // of 80 bits each
)

var base32Plain = base32.StdEncoding.WithPadding(base32.NoPadding)

func newSecret() []byte {
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret)
	return secret
}

// newRecoveryCodes makes codes such as ABCD-EFGH-IJKL-MNOP.
func newRecoveryCodes() []string {
	codes := make([]string, recoveryCodes)
	for i := range codes {
		text := rand.Text()
		codes[i] = strings.Join([]string{text[0:4], text[4:8], text[8:12], text[12:16]}, "-")
	}
	return codes
}

// normalCode is a code as it is compared, however it was typed.
func normalCode(text string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(text))
}

// codeAt is the code of a step of 30 seconds (RFC 6238).
func codeAt(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	number := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", codeDigits, number%1_000_000)
}

// stepOf is the step whose code was given, later than the last one that was taken; ok is false when there is none.
func stepOf(secret []byte, code string, now time.Time, last int64) (step int64, ok bool) {
	current := now.Unix() / stepSeconds
	for candidate := current - driftSteps; candidate <= current+driftSteps; candidate++ {
		same := subtle.ConstantTimeCompare([]byte(codeAt(secret, candidate)), []byte(code)) == 1
		if same && candidate > last {
			step, ok = candidate, true
		}
	}
	return step, ok
}

// factorURI is what an authenticator reads as a QR code.
func factorURI(issuer, email string, secret []byte) string {
	query := url.Values{"secret": {base32Plain.EncodeToString(secret)}, "issuer": {issuer}, "algorithm": {"SHA1"},
		"digits": {fmt.Sprint(codeDigits)}, "period": {fmt.Sprint(stepSeconds)}}
	return "otpauth://totp/" + url.PathEscape(issuer+":"+email) + "?" + query.Encode()
}
