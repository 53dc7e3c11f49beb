package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/crypto"
	"github.com/trellis-go/trellis/platform/problem"
)

// NewFactor is what an authenticator needs.
type NewFactor struct {
	Secret string // in base32, to type
	URI    string // to show as a QR code
}

// BeginFactor makes a secret for the principal's authenticator. It counts for nothing until ConfirmFactor, and may be
// made anew until then. The errors are problem.RateLimited, ErrCredentials and ErrFactorExists.
func (s *Service) BeginFactor(ctx context.Context, who auth.Principal, password string) (*NewFactor, error) {
	user, err := s.proven(ctx, who, password)
	if err != nil {
		return nil, err
	}
	secret := newSecret()
	factor := &Factor{UserID: user.ID, CreatedAt: s.now()}
	if factor.Secret, err = s.ring.Seal(secret, factor.purpose()); err != nil {
		return nil, fmt.Errorf("seal a secret: %w", err)
	}
	err = s.repo.InTx(ctx, func(ctx context.Context) error {
		held, err := s.lockFactor(ctx, user.ID)
		switch {
		case err != nil:
			return err
		case held == nil:
			return s.repo.InsertFactor(ctx, factor)
		case held.Confirmed:
			return ErrFactorExists.New("")
		default:
			held.Secret = factor.Secret
			return s.repo.UpdateFactor(ctx, held)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("set up a second factor of %s: %w", user.ID, err)
	}
	return &NewFactor{Secret: base32Plain.EncodeToString(secret), URI: factorURI("Trellis", user.Email, secret)}, nil
}

// lockFactor finds the second factor of a user whom it locks.
func (s *Service) lockFactor(ctx context.Context, userID string) (*Factor, error) {
	if _, err := s.repo.LockUser(ctx, userID); err != nil {
		return nil, err
	}
	return s.repo.Factor(ctx, userID)
}

// ConfirmFactor puts the second factor in force, when the authenticator shows the right code, and gives the recovery
// codes: they are shown this once. The errors are problem.RateLimited, ErrNoFactor, ErrFactorExists and ErrCode.
func (s *Service) ConfirmFactor(ctx context.Context, who auth.Principal, code string) ([]string, error) {
	codes := newRecoveryCodes()
	stored := make([]RecoveryCode, len(codes))
	for i, one := range codes {
		stored[i] = RecoveryCode{UserID: who.UserID, Digest: crypto.Digest(normalCode(one))}
	}
	// A quota of its own: who has no more than an access token must not spend that of signing in.
	if err := s.limit(ctx, "identity.confirm:"+who.UserID, s.cfg.Factor); err != nil {
		return nil, err
	}
	err := s.repo.InTx(ctx, func(ctx context.Context) error {
		factor, err := s.lockFactor(ctx, who.UserID)
		switch {
		case err != nil:
			return err
		case factor == nil:
			return ErrNoFactor.New("")
		case factor.Confirmed:
			return ErrFactorExists.New("")
		}
		factor.Confirmed = true
		if err := s.takeCode(ctx, factor, normalCode(code)); err != nil {
			return err
		}
		return s.repo.InsertRecoveryCodes(ctx, stored)
	})
	if err != nil {
		return nil, fmt.Errorf("confirm the second factor of %s: %w", who.UserID, err)
	}
	s.log.InfoContext(ctx, "second factor set up")
	return codes, nil
}

// RemoveFactor takes the second factor away. The errors are problem.RateLimited, ErrCredentials, ErrCodeRequired, ErrCode
// and ErrNoFactor.
func (s *Service) RemoveFactor(ctx context.Context, who auth.Principal, password, code string) error {
	user, err := s.proven(ctx, who, password)
	if err != nil {
		return err
	}
	if err := s.limitCode(ctx, user.ID, code); err != nil {
		return err
	}
	err = s.repo.InTx(ctx, func(ctx context.Context) error {
		factor, err := s.lockFactor(ctx, user.ID)
		if err != nil {
			return err
		}
		if factor == nil {
			return ErrNoFactor.New("")
		}
		if err := s.demandCode(ctx, user, code); err != nil {
			return err
		}
		return s.repo.DeleteFactor(ctx, user.ID)
	})
	if err != nil {
		return fmt.Errorf("take the second factor of %s away: %w", user.ID, err)
	}
	s.log.InfoContext(ctx, "second factor taken away")
	return nil
}

// demandCode asks a locked user for a code, which limitCode has let pass, when they have a second factor. The errors are
// ErrCodeRequired and ErrCode.
func (s *Service) demandCode(ctx context.Context, user *User, code string) error {
	factor, err := s.repo.Factor(ctx, user.ID)
	if err != nil || factor == nil || !factor.Confirmed {
		return err
	}
	code = normalCode(code)
	switch len(code) {
	case 0:
		return auth.Refuse(ErrCodeRequired, "")
	case codeDigits:
		return s.takeCode(ctx, factor, code)
	}
	used, err := s.repo.UseRecoveryCode(ctx, user.ID, crypto.Digest(code))
	if err == nil && !used {
		err = auth.Refuse(ErrCode, "")
	}
	return err
}

// limitCode spends the account's quota for codes, from wherever they come: six digits could be guessed from many
// addresses. Only who knows the password gets here, and a recovery code always passes. It comes before the transaction, which
// must not wait for where quotas are kept.
func (s *Service) limitCode(ctx context.Context, userID, code string) error {
	if len(normalCode(code)) != codeDigits {
		return nil
	}
	err := s.limit(ctx, "identity.code:"+userID, s.cfg.Factor)
	if errors.Is(err, problem.RateLimited) {
		s.log.WarnContext(ctx, "too many codes of a second factor were tried, by somebody who knows the password", slog.String("account", userID))
	}
	return err
}

// takeCode stores that a code was shown. The error is ErrCode when it is wrong or was shown before.
func (s *Service) takeCode(ctx context.Context, factor *Factor, code string) error {
	secret, err := s.ring.Open(factor.Secret, factor.purpose())
	if err != nil {
		return problem.Trace(fmt.Errorf("open the secret of a second factor: %w", err))
	}
	step, ok := stepOf(secret, code, s.now(), factor.LastStep)
	if !ok {
		return auth.Refuse(ErrCode, "")
	}
	factor.LastStep = step
	if s.ring.Stale(factor.Secret) {
		sealed, err := s.ring.Seal(secret, factor.purpose())
		if err != nil {
			return errors.Join(errors.New("seal a secret again"), err)
		}
		factor.Secret = sealed
	}
	return s.repo.UpdateFactor(ctx, factor)
}
