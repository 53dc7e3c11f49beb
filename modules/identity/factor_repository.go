package identity

import (
	"context"
	"fmt"

	"github.com/trellis-go/trellis/platform/database"
)

// Factor finds the second factor of an account, nil when it has none.
func (r *Repository) Factor(ctx context.Context, userID string) (*Factor, error) {
	var found Factor
	err := r.Writer(ctx).Where("user_id = ?", userID).Take(&found).Error
	if database.IsNotFound(err) {
		return nil, nil //nolint:nilnil // that there is none is an answer
	}
	if err != nil {
		return nil, fmt.Errorf("find the second factor of %s: %w", userID, err)
	}
	return &found, nil
}

// InsertFactor stores a new second factor.
func (r *Repository) InsertFactor(ctx context.Context, factor *Factor) error {
	if err := r.Writer(ctx).Create(factor).Error; err != nil {
		return fmt.Errorf("store a second factor: %w", err)
	}
	return nil
}

// UpdateFactor stores what was changed of a second factor whose user is locked.
func (r *Repository) UpdateFactor(ctx context.Context, factor *Factor) error {
	err := r.Writer(ctx).Model(&Factor{}).Where("user_id = ?", factor.UserID).Updates(map[string]any{
		"secret": factor.Secret, "confirmed": factor.Confirmed, "last_step": factor.LastStep,
	}).Error
	if err != nil {
		return fmt.Errorf("store the second factor of %s: %w", factor.UserID, err)
	}
	return nil
}

// DeleteFactor takes the second factor away, and the recovery codes with it.
func (r *Repository) DeleteFactor(ctx context.Context, userID string) error {
	if err := r.Writer(ctx).Where("user_id = ?", userID).Delete(&RecoveryCode{}).Error; err != nil {
		return fmt.Errorf("delete the recovery codes of %s: %w", userID, err)
	}
	if err := r.Writer(ctx).Where("user_id = ?", userID).Delete(&Factor{}).Error; err != nil {
		return fmt.Errorf("delete the second factor of %s: %w", userID, err)
	}
	return nil
}

// InsertRecoveryCodes stores the digests of new recovery codes.
func (r *Repository) InsertRecoveryCodes(ctx context.Context, codes []RecoveryCode) error {
	if err := r.Writer(ctx).Create(&codes).Error; err != nil {
		return fmt.Errorf("store recovery codes: %w", err)
	}
	return nil
}

// UseRecoveryCode deletes a recovery code and tells whether there was one.
func (r *Repository) UseRecoveryCode(ctx context.Context, userID, digest string) (bool, error) {
	deleted := r.Writer(ctx).Where("user_id = ? AND digest = ?", userID, digest).Delete(&RecoveryCode{})
	if deleted.Error != nil {
		return false, fmt.Errorf("use a recovery code: %w", deleted.Error)
	}
	return deleted.RowsAffected > 0, nil
}
