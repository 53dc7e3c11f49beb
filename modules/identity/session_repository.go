package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/database"
)

// InsertSession stores a new session with its first token.
func (r *Repository) InsertSession(ctx context.Context, session *Session, token *RefreshToken) error {
	if err := r.Writer(ctx).Create(session).Error; err != nil {
		return fmt.Errorf("store a session: %w", err)
	}
	return r.InsertToken(ctx, token)
}

// InsertToken stores a new refresh token.
func (r *Repository) InsertToken(ctx context.Context, token *RefreshToken) error {
	if err := r.Writer(ctx).Create(token).Error; err != nil {
		return fmt.Errorf("store a refresh token: %w", err)
	}
	return nil
}

// LockToken finds a refresh token and its session, for a transaction that is going to use it: others who have a token of
// the same session wait. Both are nil when there is none.
func (r *Repository) LockToken(ctx context.Context, digest string) (*RefreshToken, *Session, error) {
	token, err := r.token(ctx, digest)
	if token == nil || err != nil {
		return nil, nil, err
	}
	session, err := r.LockSession(ctx, token.SessionID)
	if session == nil || err != nil {
		return nil, nil, err
	}
	token, err = r.token(ctx, digest) // as it is now: who had the lock before may have used it
	return token, session, err
}

func (r *Repository) token(ctx context.Context, digest string) (*RefreshToken, error) {
	var found RefreshToken
	err := r.Writer(ctx).Where("digest = ?", digest).Take(&found).Error
	if database.IsNotFound(err) {
		return nil, nil //nolint:nilnil // that there is none is an answer
	}
	if err != nil {
		return nil, fmt.Errorf("find a refresh token: %w", err)
	}
	return &found, nil
}

// LockSession finds a session for a transaction that is going to change it, nil when there is none.
func (r *Repository) LockSession(ctx context.Context, sessionID string) (*Session, error) {
	var found Session
	err := r.Writer(ctx).Scopes(database.ForUpdate).Where("id = ?", sessionID).Take(&found).Error
	if database.IsNotFound(err) {
		return nil, nil //nolint:nilnil // that there is none is an answer
	}
	if err != nil {
		return nil, fmt.Errorf("find a session: %w", err)
	}
	return &found, nil
}

// UseToken marks a refresh token as used.
func (r *Repository) UseToken(ctx context.Context, digest string, now time.Time) error {
	if err := r.Writer(ctx).Model(&RefreshToken{}).Where("digest = ?", digest).Update("used_at", now).Error; err != nil {
		return fmt.Errorf("use a refresh token: %w", err)
	}
	return nil
}

// EndSession ends a session, if it has not ended.
func (r *Repository) EndSession(ctx context.Context, sessionID string, now time.Time) error {
	err := r.Writer(ctx).Model(&Session{}).Where("id = ? AND ended_at IS NULL", sessionID).Update("ended_at", now).Error
	if err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// EndSessions ends every session of a user but one; keep is "" to end all.
func (r *Repository) EndSessions(ctx context.Context, userID, keep string, now time.Time) error {
	err := r.Writer(ctx).Model(&Session{}).
		Where("user_id = ? AND ended_at IS NULL AND id <> ?", userID, keep).Update("ended_at", now).Error
	if err != nil {
		return fmt.Errorf("end the sessions of %s: %w", userID, err)
	}
	return nil
}

// Expired are the ids of up to limit sessions that expired before then.
func (r *Repository) Expired(ctx context.Context, then time.Time, limit int) ([]string, error) {
	var ids []string
	err := r.Writer(ctx).Model(&Session{}).Where("expires_at < ?", then).Order("expires_at").Limit(limit).Pluck("id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("find expired sessions: %w", err)
	}
	return ids, nil
}

// ForgetTokens deletes up to limit refresh tokens of sessions, and says how many.
func (r *Repository) ForgetTokens(ctx context.Context, sessionIDs []string, limit int) (int, error) {
	var digests []string
	err := r.Writer(ctx).Model(&RefreshToken{}).Where("session_id IN ?", sessionIDs).Limit(limit).Pluck("digest", &digests).Error
	if err == nil && len(digests) > 0 {
		err = r.Writer(ctx).Where("digest IN ?", digests).Delete(&RefreshToken{}).Error
	}
	if err != nil {
		return 0, fmt.Errorf("delete expired refresh tokens: %w", err)
	}
	return len(digests), nil
}

// ForgetSessions deletes sessions that have no tokens any more.
func (r *Repository) ForgetSessions(ctx context.Context, ids []string) error {
	if err := r.Writer(ctx).Where("id IN ?", ids).Delete(&Session{}).Error; err != nil {
		return fmt.Errorf("delete expired sessions: %w", err)
	}
	return nil
}

// Standing is what has become of a session and its user.
type Standing struct {
	UserID    string
	Role      auth.Role
	Active    bool
	ExpiresAt time.Time
	EndedAt   *time.Time
}

// Standing finds it by the primary keys of both, nil when there is no such session.
func (r *Repository) Standing(ctx context.Context, sessionID string) (*Standing, error) {
	var found []Standing
	err := r.Reader(database.Fresh(ctx)).Model(&Session{}).
		Select("identity_sessions.user_id, identity_sessions.expires_at, identity_sessions.ended_at, identity_users.role, identity_users.active").
		Joins("JOIN identity_users ON identity_users.id = identity_sessions.user_id").
		Where("identity_sessions.id = ?", sessionID).Scan(&found).Error
	if err != nil {
		return nil, fmt.Errorf("find what became of a session: %w", err)
	}
	if len(found) == 0 {
		return nil, nil //nolint:nilnil // that there is none is an answer
	}
	return &found[0], nil
}
