package identity

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/crypto"
)

// Console is where a password is shown that was made up: to whoever started the program, and not to the log.
type Console io.Writer

// NewConsole is the standard error of the process.
func NewConsole() Console { return os.Stderr }

const seedBits = 128

// Seed makes the configured admin while nobody is one, and shows the password if it was made up. Of several processes
// that start at once, one makes it.
func (s *Service) Seed(ctx context.Context) error {
	if s.cfg.Admin.Email == "" {
		return nil
	}
	if there, err := s.repo.HasAdmin(ctx); err != nil || there {
		return err
	}
	password := s.cfg.Admin.Password.Reveal()
	if password == "" {
		password = crypto.Token(seedBits)
	}
	user, err := s.CreateUser(ctx, s.cfg.Admin.Email, password, auth.Admin)
	if errors.Is(err, ErrEmailTaken) {
		if there, errLook := s.repo.HasAdmin(ctx); errLook != nil || there {
			return errLook
		}
	}
	if err != nil {
		return fmt.Errorf("make the admin of modules.identity.admin: %w", err)
	}
	if s.cfg.Admin.Password == "" {
		fmt.Fprintf(s.console, "\n  The first admin was made. This is shown once:\n\n    email     %s\n    password  %s\n\n", user.Email, password)
	}
	return nil
}
