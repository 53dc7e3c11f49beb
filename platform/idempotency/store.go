package idempotency

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/httpapi"
)

// row is a key that is taken. Until is in Unix microseconds: the end of the lease while there is no answer, that of the
// retention when there is one. Past it the row counts for nothing.
type row struct {
	ID          string `gorm:"size:64;primaryKey"` // of the key, the user and the operation
	Fingerprint string `gorm:"size:64;not null"`   // of the request
	Run         string `gorm:"size:36;not null"`   // who has taken the key
	Status      int    `gorm:"not null"`           // of the answer; 0: there is none yet
	Header      []byte // JSON
	Body        []byte
	Until       int64 `gorm:"not null;index:idempotency_keys_until"`
}

// TableName names the table.
func (row) TableName() string { return "idempotency_keys" }

// Models are what the table is made for.
func Models() []any { return []any{&row{}} }

// claimTries is how often a key is looked at that changes hands meanwhile.
const claimTries = 5

// claim takes the key, or gives the answer that it has. The errors are ErrKeyReused and ErrInFlight. It is committed at
// once, so that others see it, and reads first: where there is one writer, a reader does not wait for it.
func (k *Keys) claim(ctx context.Context, db *database.DB, claim *row) (*httpapi.Answer, error) {
	for range claimTries {
		var there row
		err := db.Reader(database.Fresh(ctx)).Take(&there, "id = ?", claim.ID).Error
		found, now := err == nil, k.now()
		claim.Until = now.Add(k.cfg.Lease).UnixMicro()
		switch {
		case database.IsNotFound(err):
			if err = db.Writer(ctx).Create(claim).Error; err == nil {
				return nil, nil
			}
		case found && there.Until > now.UnixMicro():
			return there.answer(claim.Fingerprint)
		case found:
			var taken bool
			if taken, err = there.pass(ctx, db, claim); taken {
				return nil, nil
			}
		}
		if err != nil && !errors.Is(err, database.ErrDuplicate) {
			return nil, fmt.Errorf("take the idempotency key: %w", err)
		}
	}
	return nil, inFlight("others take the key at the same time")
}

// answer is the stored one, or why there is none for this request.
func (r *row) answer(fingerprint string) (*httpapi.Answer, error) {
	switch {
	case r.Fingerprint != fingerprint:
		return nil, ErrKeyReused.New("")
	case r.Status == 0:
		return nil, inFlight("")
	}
	answer := &httpapi.Answer{Status: r.Status, Body: r.Body}
	if err := json.Unmarshal(r.Header, &answer.Header); err != nil {
		return nil, fmt.Errorf("decode the headers of the answer to an idempotency key: %w", err)
	}
	answer.Header.Set(ReplayedHeader, "true")
	return answer, nil
}

// pass gives the key of a row that counts for nothing to claim, unless somebody was faster.
func (r *row) pass(ctx context.Context, db *database.DB, claim *row) (bool, error) {
	passed := db.Writer(ctx).Model(&row{}).Where("id = ? AND run = ? AND until = ?", r.ID, r.Run, r.Until).Updates(map[string]any{
		"fingerprint": claim.Fingerprint, "run": claim.Run, "status": 0, "header": nil, "body": nil, "until": claim.Until,
	})
	return passed.RowsAffected == 1, passed.Error
}

// keep stores the answer in the transaction of the effect. It is an error when the key has passed to another meanwhile:
// then nothing may be committed.
func (k *Keys) keep(ctx context.Context, db *database.DB, claim *row, answer *httpapi.Answer) error {
	header, err := json.Marshal(answer.Header)
	if err != nil {
		return fmt.Errorf("encode the headers of the answer: %w", err)
	}
	kept := db.Writer(ctx).Model(&row{}).Where("id = ? AND run = ? AND status = ?", claim.ID, claim.Run, 0).Updates(map[string]any{
		"status": answer.Status, "header": header, "body": answer.Body, "until": k.now().Add(k.cfg.Retention).UnixMicro(),
	})
	if kept.Error != nil {
		return fmt.Errorf("keep the answer for its idempotency key: %w", kept.Error)
	}
	if kept.RowsAffected == 0 {
		return inFlight("it took longer than idempotency.lease, and the key has passed to another request")
	}
	return nil
}

// releaseTimeout is for a moment when the request itself may have no time left.
const releaseTimeout = 5 * time.Second

// release makes the key free, unless there is an answer: the commit may have been made although it failed. What cannot be
// released is free after the lease.
func (k *Keys) release(ctx context.Context, db *database.DB, claim *row) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	err := db.Writer(ctx).Where("id = ? AND run = ? AND status = ?", claim.ID, claim.Run, 0).Delete(&row{}).Error
	if err != nil {
		k.logger.WarnContext(ctx, "an idempotency key was not released", slog.Any("error", err))
	}
}
