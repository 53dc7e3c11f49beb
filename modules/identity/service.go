package identity

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/crypto"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/platform/ratelimit"
)

// Service is what can be done with accounts and sessions.
type Service struct {
	cfg       Config
	repo      *Repository
	passwords *crypto.Passwords
	ring      *crypto.Ring
	tokens    *auth.Tokens
	sessions  *Sessions
	limiter   ratelimit.Limiter
	now       clock.Clock
	log       *slog.Logger
	console   Console
}

// NewService makes the service.
func NewService(
	cfg Config, repo *Repository, passwords *crypto.Passwords, ring *crypto.Ring, tokens *auth.Tokens, sessions *Sessions,
	limiter ratelimit.Limiter, now clock.Clock, log *slog.Logger, console Console,
) *Service {
	return &Service{
		cfg: cfg, repo: repo, passwords: passwords, ring: ring, tokens: tokens, sessions: sessions, limiter: limiter, now: now,
		log: log, console: console,
	}
}

// limitAddress spends the quota of the address that the request came from.
func (s *Service) limitAddress(ctx context.Context) error {
	return s.limit(ctx, "identity.address:"+httpapi.ClientNetwork(ctx), s.cfg.Address)
}

// limitAccount spends the quota of an account from that address. The address is part of it, so that nobody can lock the
// owner out by guessing from elsewhere.
func (s *Service) limitAccount(ctx context.Context, account string) error {
	return s.limit(ctx, "identity.account:"+crypto.Digest(account)+":"+httpapi.ClientNetwork(ctx), s.cfg.Account)
}

func (s *Service) limit(ctx context.Context, key string, quota ratelimit.Quota) error {
	state, err := s.limiter.Allow(ctx, key, quota)
	if err != nil {
		return fmt.Errorf("limit attempts: %w", err)
	}
	if !state.Allowed {
		return problem.RateLimited.New("too many attempts").After(state.RetryAfter)
	}
	return nil
}

// Register makes an account for a stranger, who is a customer. The errors are ErrRegistrationClosed, problem.Invalid,
// problem.RateLimited and ErrEmailTaken.
func (s *Service) Register(ctx context.Context, email, password string) (*User, error) {
	if !s.cfg.Registration {
		return nil, ErrRegistrationClosed
	}
	if err := s.limitAddress(ctx); err != nil {
		return nil, err
	}
	return s.CreateUser(ctx, email, password, auth.Customer)
}

// CreateUser makes an account. The errors are problem.Invalid and ErrEmailTaken.
func (s *Service) CreateUser(ctx context.Context, email, password string, role auth.Role) (*User, error) {
	email, ok := normalEmail(email)
	if !ok {
		return nil, errEmail()
	}
	if !role.Valid() {
		return nil, problem.Invalid.Errorf("the role %q is none of %v", role, auth.Roles)
	}
	password = normalPassword(password)
	if err := checkPassword(password, email, "/password"); err != nil {
		return nil, err
	}
	hash, err := s.passwords.Hash(ctx, password)
	if err != nil {
		return nil, err
	}
	now := s.now()
	user := &User{
		ID: id.New(), Email: email, PasswordHash: hash, Role: role, Active: true, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if err := s.repo.InsertUser(ctx, user); err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "account created", slog.String("account", user.ID), slog.String("role", string(role)))
	return user, nil
}

// User finds an account. The error is ErrUserNotFound when there is none.
func (s *Service) User(ctx context.Context, userID string) (*User, error) {
	return s.repo.User(ctx, userID)
}

// Users lists accounts, a page at a time.
func (s *Service) Users(ctx context.Context, filter Filter, wanted page.Request) (page.Page[User], error) {
	return s.repo.Users(ctx, filter, wanted)
}

// Change is what an admin may change of an account.
type Change struct {
	Role   auth.Role
	Active bool
}

// UpdateUser gives an account the role and the state that change makes of what they are. Deactivating ends its sessions;
// a role counts at once in those it has. The errors are ErrUserNotFound, what check and change answer, and ErrLastAdmin.
func (s *Service) UpdateUser(
	ctx context.Context, userID string, check func(version int64) error, change func(Change) (Change, error),
) (*User, error) {
	var user *User
	err := s.repo.InTx(ctx, func(ctx context.Context) error {
		admins, err := s.repo.LockAdmins(ctx) // before the account: in one order for everybody
		if err != nil {
			return err
		}
		if user, err = s.repo.LockUser(ctx, userID); err != nil {
			return err
		}
		if err := check(user.Version); err != nil {
			return err
		}
		wanted, err := change(Change{user.Role, user.Active})
		if err != nil {
			return err
		}
		wasAdmin := user.admin()
		user.Role, user.Active, user.UpdatedAt = wanted.Role, wanted.Active, s.now()
		if wasAdmin && !user.admin() && len(admins) == 1 {
			return ErrLastAdmin.New("nobody else is an active admin")
		}
		return s.store(ctx, user)
	})
	if err != nil {
		return nil, fmt.Errorf("update the account %s: %w", userID, err)
	}
	s.sessions.Forget()
	s.log.InfoContext(ctx, "account changed", slog.String("account", userID), slog.String("role", string(user.Role)),
		slog.Bool("active", user.Active))
	return user, nil
}

func (s *Service) store(ctx context.Context, user *User) error {
	if !user.Active {
		if err := s.repo.EndSessions(ctx, user.ID, "", s.now()); err != nil {
			return err
		}
	}
	return s.repo.UpdateUser(ctx, user)
}
