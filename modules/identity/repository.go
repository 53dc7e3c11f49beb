package identity

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/platform/problem"
)

// Repository has every query of identity. All but the lists read from the primary: who was shut out must not come in by a
// replica that is behind.
type Repository struct{ *database.DB }

// NewRepository takes the configured database.
func NewRepository(cfg Config, databases *database.Manager) (*Repository, error) {
	db, err := databases.DB(cfg.Database)
	if err != nil {
		return nil, fmt.Errorf("modules.identity.database: %w", err)
	}
	return &Repository{db}, nil
}

// InsertUser stores a new account. The error is ErrEmailTaken when another one has the address.
func (r *Repository) InsertUser(ctx context.Context, user *User) error {
	err := r.Writer(ctx).Create(user).Error
	if errors.Is(err, database.ErrDuplicate) {
		return ErrEmailTaken.New("the email address belongs to another account").
			With(problem.Field{In: "body", Pointer: "/email", Detail: "must be unique"}).Because(err)
	}
	if err != nil {
		return fmt.Errorf("store an account: %w", err)
	}
	return nil
}

// User finds an account. The error is ErrUserNotFound when there is none.
func (r *Repository) User(ctx context.Context, userID string) (*User, error) {
	return findUser(r.Reader(database.Fresh(ctx)), userID)
}

// LockUser is User for a transaction that is going to change it: others who want to change it wait.
func (r *Repository) LockUser(ctx context.Context, userID string) (*User, error) {
	return findUser(r.Writer(ctx).Scopes(database.ForUpdate), userID)
}

func findUser(db *gorm.DB, userID string) (*User, error) {
	var found User
	err := db.Where("id = ?", userID).Take(&found).Error
	if database.IsNotFound(err) {
		return nil, ErrUserNotFound.Errorf("no account has the id %q", userID)
	}
	if err != nil {
		return nil, fmt.Errorf("find the account %s: %w", userID, err)
	}
	return &found, nil
}

// UserByEmail finds an account by its normal address, nil when there is none.
func (r *Repository) UserByEmail(ctx context.Context, email string) (*User, error) {
	var found User
	err := r.Reader(database.Fresh(ctx)).Where("email = ?", email).Take(&found).Error
	if database.IsNotFound(err) {
		return nil, nil //nolint:nilnil // that there is none is an answer, which must look like any other
	}
	if err != nil {
		return nil, fmt.Errorf("find an account by its address: %w", err)
	}
	return &found, nil
}

// UpdateUser stores what was changed of a locked account, and counts its version up.
func (r *Repository) UpdateUser(ctx context.Context, user *User) error {
	err := r.Writer(ctx).Model(&User{}).Where("id = ?", user.ID).Updates(map[string]any{
		"password_hash": user.PasswordHash, "role": user.Role, "active": user.Active, "version": user.Version + 1,
		"updated_at": user.UpdatedAt,
	}).Error
	if err != nil {
		return fmt.Errorf("store the account %s: %w", user.ID, err)
	}
	user.Version++
	return nil
}

// LockAdmins finds the active admins, for a transaction that may take one away: others who want to do so wait.
func (r *Repository) LockAdmins(ctx context.Context) ([]User, error) {
	var found []User
	err := r.Writer(ctx).Scopes(database.ForUpdate).
		Where("role = ? AND active = ?", auth.Admin, true).Order("id").Find(&found).Error
	if err != nil {
		return nil, fmt.Errorf("find the admins: %w", err)
	}
	return found, nil
}

// HasAdmin tells whether there is any admin, active or not.
func (r *Repository) HasAdmin(ctx context.Context) (bool, error) {
	var found []User
	if err := r.Reader(database.Fresh(ctx)).Where("role = ?", auth.Admin).Limit(1).Find(&found).Error; err != nil {
		return false, fmt.Errorf("look for an admin: %w", err)
	}
	return len(found) > 0, nil
}

// Filter chooses accounts.
type Filter struct {
	Role   auth.Role // "": any
	Active *bool     // nil: both
}

var userOrders = map[string]func(*User) any{
	"created_at": func(u *User) any { return u.CreatedAt },
	"email":      func(u *User) any { return u.Email },
}

// Users lists accounts, a page at a time.
func (r *Repository) Users(ctx context.Context, f Filter, wanted page.Request) (page.Page[User], error) {
	value, known := userOrders[wanted.Column()]
	if !known {
		return page.Page[User]{}, problem.Trace(fmt.Errorf("list accounts: there is no order %q", wanted.Sort))
	}
	query := r.Reader(ctx).Scopes(wanted.Keyset(wanted.Column()).Scope)
	if f.Role != "" {
		query = query.Where("role = ?", f.Role)
	}
	if f.Active != nil {
		query = query.Where("active = ?", *f.Active)
	}
	var rows []User
	if err := query.Find(&rows).Error; err != nil {
		return page.Page[User]{}, fmt.Errorf("list accounts: %w", err)
	}
	return page.Cut(rows, wanted.Limit, func(u *User) page.Position { return page.Position{Value: value(u), ID: u.ID} }), nil
}
