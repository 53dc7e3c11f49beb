package database

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// ForUpdate is a scope that locks the rows it reads until the transaction ends, on engines that lock rows; on SQLite the
// transaction holds the only write lock anyway. Use it for what is read, changed and written back:
//
//	err := r.db.Writer(ctx).Scopes(database.ForUpdate).Where("id = ?", id).Take(&account).Error
func ForUpdate(db *gorm.DB) *gorm.DB {
	return db.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
}

// ForUpdateSkipLocked is ForUpdate that passes over rows which others have locked, to share out work among replicas. It
// needs MySQL 8.0 or MariaDB 10.6; on SQLite there is nothing to skip.
func ForUpdateSkipLocked(db *gorm.DB) *gorm.DB {
	return db.Clauses(clause.Locking{
		Strength: clause.LockingStrengthUpdate, Options: clause.LockingOptionsSkipLocked,
	})
}
