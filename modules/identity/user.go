package identity

import (
	"net/http"
	"net/mail"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/problem"
)

// The problems of accounts.
var (
	ErrUserNotFound = problem.Define(http.StatusNotFound, "user_not_found", "The account does not exist",
		"No account has this id.")
	ErrEmailTaken = problem.Define(http.StatusConflict, "email_taken", "The email address belongs to another account",
		"Email addresses are unique without regard to case. Sign in, or register with another one.")
	ErrLastAdmin = problem.Define(http.StatusConflict, "last_admin", "Nobody else is an admin",
		"The last active admin cannot be deactivated or get another role: nobody could undo it. Make somebody else an admin first.")
	ErrRegistrationClosed = problem.Define(http.StatusForbidden, "registration_closed", "Registration is closed",
		"Accounts are made by those who run the service.")
)

// User is an account.
type User struct {
	ID           string    `gorm:"size:36;primaryKey;index:identity_users_created,priority:2"`
	Email        string    `gorm:"size:254;not null;uniqueIndex:identity_users_email"` // in small letters
	PasswordHash string    `gorm:"size:255;not null"`
	Role         auth.Role `gorm:"size:20;not null;index:identity_users_role"`
	Active       bool      `gorm:"not null"`
	Version      int64     `gorm:"not null"` // grows by one with every change
	CreatedAt    time.Time `gorm:"precision:6;not null;autoCreateTime:false;index:identity_users_created,priority:1"`
	UpdatedAt    time.Time `gorm:"precision:6;not null;autoUpdateTime:false"`
}

// TableName names the table.
func (User) TableName() string { return "identity_users" }

// admin tells whether the account is one that an admin can sign in to.
func (u *User) admin() bool { return u.Active && u.Role == auth.Admin }

const maxEmail = 254

// normalEmail is the address as it is stored and compared: without space around it, in NFC, in small letters. Whether it is
// an address at all is told by ok.
func normalEmail(text string) (email string, ok bool) {
	email = strings.ToLower(norm.NFC.String(strings.TrimSpace(text)))
	parsed, err := mail.ParseAddress(email)
	return email, err == nil && parsed.Address == email && len(email) <= maxEmail && !strings.ContainsAny(email, " \"\r\n\t")
}

func errEmail() error {
	return problem.Invalid.New("").With(problem.Field{In: "body", Pointer: "/email", Detail: "must be an email address"})
}
