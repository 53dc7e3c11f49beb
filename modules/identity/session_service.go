package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/crypto"
	"github.com/trellis-go/trellis/platform/id"
)

const tokenBits = 256

// Login begins a session. The code is that of the second factor, "" when none was given. The errors are
// problem.RateLimited, ErrCredentials, ErrCodeRequired and ErrCode. It takes the same time whether the account does not
// exist, is not active, or has another password.
func (s *Service) Login(ctx context.Context, email, password, code string) (*Pair, error) {
	email, _ = normalEmail(email)
	if err := s.limitAddress(ctx); err != nil {
		return nil, err
	}
	if err := s.limitAccount(ctx, email); err != nil {
		return nil, err
	}
	pair, err := s.signIn(ctx, email, password, code)
	if errors.Is(err, errOtherHash) {
		pair, err = s.signIn(ctx, email, password, code) // another sign-in may have renewed it
	}
	if errors.Is(err, errOtherHash) {
		err = auth.Refuse(ErrCredentials, "")
	}
	return pair, err
}

// errOtherHash is that an account has another hash than the one that the password was compared with.
var errOtherHash = errors.New("the password's hash was changed meanwhile")

func (s *Service) signIn(ctx context.Context, email, password, code string) (*Pair, error) {
	user, err := s.repo.UserByEmail(ctx, email)
	if err != nil {
		return nil, err
	}
	if user == nil {
		user = &User{} // nobody: no hash, not active
	}
	password = normalPassword(password)
	match, err := s.passwords.Verify(ctx, user.PasswordHash, password)
	if err != nil {
		return nil, err
	}
	if !match.OK || !user.Active {
		s.log.InfoContext(ctx, "sign-in refused", slog.String("account", user.ID))
		return nil, auth.Refuse(ErrCredentials, "")
	}
	stronger := ""
	if match.Stale {
		if stronger, err = s.passwords.Hash(ctx, password); err != nil {
			return nil, err
		}
	}
	return s.begin(ctx, user, code, stronger)
}

// begin starts a session of a user whose password was right. What was read before is read again under the lock: the
// password may have been changed meanwhile.
func (s *Service) begin(ctx context.Context, seen *User, code, stronger string) (*Pair, error) {
	var user *User
	var session *Session
	var refresh string
	if err := s.limitCode(ctx, seen.ID, code); err != nil {
		return nil, err
	}
	err := s.repo.InTx(ctx, func(ctx context.Context) error {
		var err error
		if user, err = s.repo.LockUser(ctx, seen.ID); err != nil {
			return err
		}
		if !user.Active {
			return auth.Refuse(ErrCredentials, "")
		}
		if user.PasswordHash != seen.PasswordHash {
			return errOtherHash
		}
		if err := s.demandCode(ctx, user, code); err != nil {
			return err
		}
		if stronger != "" {
			user.PasswordHash = stronger
			if err := s.repo.UpdateUser(ctx, user); err != nil {
				return err
			}
		}
		now := s.now()
		session = &Session{ID: id.New(), UserID: user.ID, CreatedAt: now, ExpiresAt: now.Add(s.cfg.SessionTTL)}
		var token *RefreshToken
		refresh, token = s.newToken(session, now)
		return s.repo.InsertSession(ctx, session, token)
	})
	if err != nil {
		return nil, fmt.Errorf("begin a session: %w", err)
	}
	s.log.InfoContext(ctx, "signed in", slog.String("account", user.ID), slog.String("session", session.ID))
	return s.pair(user, session.ID, refresh)
}

// newToken is a refresh token for the client, and what is stored of it.
func (s *Service) newToken(session *Session, now time.Time) (string, *RefreshToken) {
	text := crypto.Token(tokenBits)
	expires := now.Add(s.cfg.RefreshTTL)
	if expires.After(session.ExpiresAt) {
		expires = session.ExpiresAt
	}
	return text, &RefreshToken{Digest: crypto.Digest(text), SessionID: session.ID, ExpiresAt: expires}
}

func (s *Service) pair(user *User, sessionID, refresh string) (*Pair, error) {
	access, err := s.tokens.Issue(auth.Principal{UserID: user.ID, Role: user.Role, SessionID: sessionID})
	if err != nil {
		return nil, err
	}
	return &Pair{Access: access, Expires: s.tokens.TTL(), Refresh: refresh}, nil
}

// Refresh takes a refresh token and gives the next pair. A token that was used before ends its session, with every token
// that came of it. There is no limit but that of writing requests: nobody guesses a token, and who shares an address with
// many must not lose their session. The error is ErrRefresh.
func (s *Service) Refresh(ctx context.Context, refresh string) (*Pair, error) {
	var user *User
	var session *Session
	var next string
	replayed := false
	err := s.repo.InTx(ctx, func(ctx context.Context) error {
		next, replayed = "", false
		var token *RefreshToken
		var err error
		if token, session, err = s.repo.LockToken(ctx, crypto.Digest(refresh)); err != nil {
			return err
		}
		now := s.now()
		switch {
		case token == nil || !session.alive(now):
			return auth.Refuse(ErrRefresh, "")
		case token.UsedAt != nil:
			replayed = true // and commit
			return s.repo.EndSession(ctx, session.ID, now)
		case !now.Before(token.ExpiresAt):
			return auth.Refuse(ErrRefresh, "")
		}
		if user, err = s.repo.User(ctx, session.UserID); err != nil {
			return err
		}
		if !user.Active {
			return auth.Refuse(ErrRefresh, "")
		}
		if err := s.repo.UseToken(ctx, token.Digest, now); err != nil {
			return err
		}
		var stored *RefreshToken
		next, stored = s.newToken(session, now)
		return s.repo.InsertToken(ctx, stored)
	})
	if err != nil {
		return nil, fmt.Errorf("refresh a session: %w", err)
	}
	if replayed {
		s.sessions.Forget()
		s.log.WarnContext(ctx, "a refresh token came a second time: its session was ended",
			slog.String("account", session.UserID), slog.String("session", session.ID))
		return nil, auth.Refuse(ErrRefresh, "it was used before, so its session was ended")
	}
	return s.pair(user, session.ID, next)
}

// Logout ends the principal's session.
func (s *Service) Logout(ctx context.Context, who auth.Principal) error {
	defer s.sessions.Forget()
	return s.repo.EndSession(ctx, who.SessionID, s.now())
}

// LogoutAll ends every session of the principal.
func (s *Service) LogoutAll(ctx context.Context, who auth.Principal) error {
	defer s.sessions.Forget()
	return s.repo.EndSessions(ctx, who.UserID, "", s.now())
}

// ChangePassword gives the principal another password and ends their other sessions. The errors are problem.RateLimited,
// problem.Invalid and ErrCredentials.
func (s *Service) ChangePassword(ctx context.Context, who auth.Principal, current, wanted string) error {
	user, err := s.proven(ctx, who, current)
	if err != nil {
		return err
	}
	wanted = normalPassword(wanted)
	if err := checkPassword(wanted, user.Email, "/new_password"); err != nil {
		return err
	}
	hash, err := s.passwords.Hash(ctx, wanted)
	if err != nil {
		return err
	}
	err = s.repo.InTx(ctx, func(ctx context.Context) error {
		locked, err := s.repo.LockUser(ctx, user.ID)
		if err != nil {
			return err
		}
		if locked.PasswordHash != user.PasswordHash {
			return auth.Refuse(ErrCredentials, "the password was changed meanwhile")
		}
		locked.PasswordHash, locked.UpdatedAt = hash, s.now()
		if err := s.repo.EndSessions(ctx, user.ID, who.SessionID, locked.UpdatedAt); err != nil {
			return err
		}
		return s.repo.UpdateUser(ctx, locked)
	})
	if err != nil {
		return fmt.Errorf("change the password of %s: %w", user.ID, err)
	}
	s.sessions.Forget()
	s.log.InfoContext(ctx, "password changed", slog.String("account", user.ID))
	return nil
}

// proven is the principal's account, when they know its password: a token that was left on a screen is not enough to
// take an account over. The errors are problem.RateLimited and ErrCredentials.
func (s *Service) proven(ctx context.Context, who auth.Principal, password string) (*User, error) {
	if err := s.limitAccount(ctx, who.UserID); err != nil {
		return nil, err
	}
	user, err := s.repo.User(ctx, who.UserID)
	if err != nil {
		return nil, err
	}
	match, err := s.passwords.Verify(ctx, user.PasswordHash, normalPassword(password))
	if err != nil {
		return nil, err
	}
	if !match.OK {
		return nil, auth.Refuse(ErrCredentials, "the current password is wrong")
	}
	return user, nil
}
