package identity

import (
	"net/http"
	"time"

	"github.com/trellis-go/trellis/platform/problem"
)

// The problems of signing in.
var (
	ErrCredentials = problem.Define(http.StatusUnauthorized, "invalid_credentials", "The email address or the password is wrong",
		"No active account has this email address and this password. Which of the two is wrong is not told.")
	ErrCodeRequired = problem.Define(http.StatusUnauthorized, "second_factor_required", "A code is needed, too",
		"The password is right, and the account has a second factor: send the code that the authenticator shows, or a recovery code.")
	ErrCode = problem.Define(http.StatusUnauthorized, "invalid_code", "The code is wrong",
		"The code is not the one that the authenticator shows now, was used already, or is not a recovery code.")
	ErrRefresh = problem.Define(http.StatusUnauthorized, "invalid_refresh_token", "The refresh token is not valid",
		"The token was never issued, has expired, its session has ended, or it was used before. A token that comes a second "+
			"time ends its session, since somebody must have copied it. Sign in again.")
)

// Session is one sign-in, from there to signing out: what all tokens that came of it have in common.
type Session struct {
	ID        string     `gorm:"size:36;primaryKey"`
	UserID    string     `gorm:"size:36;not null;index:identity_sessions_user"`
	CreatedAt time.Time  `gorm:"precision:6;not null;autoCreateTime:false"`
	ExpiresAt time.Time  `gorm:"precision:6;not null;index:identity_sessions_expires"` // at the latest
	EndedAt   *time.Time `gorm:"precision:6"`                                          // nil while it lives
	User      *User      `gorm:"constraint:identity_sessions_user_fk"`
}

// TableName names the table.
func (Session) TableName() string { return "identity_sessions" }

// alive tells whether the session has neither ended nor expired.
func (s *Session) alive(now time.Time) bool { return s.EndedAt == nil && now.Before(s.ExpiresAt) }

// RefreshToken is one that was issued for a session. Used ones are kept, to know them when they come again.
type RefreshToken struct {
	Digest    string     `gorm:"size:64;primaryKey"` // of the token, which is not stored
	SessionID string     `gorm:"size:36;not null;index:identity_refresh_tokens_session"`
	ExpiresAt time.Time  `gorm:"precision:6;not null"`
	UsedAt    *time.Time `gorm:"precision:6"` // nil until it is
	Session   *Session   `gorm:"constraint:identity_refresh_tokens_session_fk"`
}

// TableName names the table.
func (RefreshToken) TableName() string { return "identity_refresh_tokens" }

// Pair is what signing in and refreshing give.
type Pair struct {
	Access  string
	Expires time.Duration // of the access token, from now
	Refresh string
}
