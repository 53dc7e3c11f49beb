package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/trellis-go/trellis/platform/database"
)

// InsertChunk stores a part of a file.
func (r *Repository) InsertChunk(ctx context.Context, part *chunk) error {
	if err := r.Writer(ctx).Create(part).Error; err != nil {
		return fmt.Errorf("insert the chunk %d of the upload %s: %w", part.Seq, part.UploadID, err)
	}
	return nil
}

// Chunk reads a part of a file. The error is errUploadGone when it is not there.
func (r *Repository) Chunk(ctx context.Context, upload string, seq int) ([]byte, error) {
	var found chunk
	err := r.Reader(ctx).Where("upload_id = ? AND seq = ?", upload, seq).Take(&found).Error
	if database.IsNotFound(err) {
		err = errUploadGone
	}
	if err != nil {
		return nil, fmt.Errorf("read the chunk %d of the upload %s: %w", seq, upload, err)
	}
	return found.Data, nil
}

// DeleteUpload forgets a file.
func (r *Repository) DeleteUpload(ctx context.Context, upload string) error {
	if err := r.Writer(ctx).Where("upload_id = ?", upload).Delete(&chunk{}).Error; err != nil {
		return fmt.Errorf("delete the upload %s: %w", upload, err)
	}
	return nil
}

// OldUploads finds the files that came before a time, at most so many, in order, after the last one of the batch before.
func (r *Repository) OldUploads(ctx context.Context, before time.Time, after string, limit int) ([]string, error) {
	var found []string
	err := r.Reader(database.Fresh(ctx)).Model(&chunk{}).Distinct("upload_id").Where("created_at < ? AND upload_id > ?", before, after).
		Order("upload_id").Limit(limit).Pluck("upload_id", &found).Error
	if err != nil {
		return nil, fmt.Errorf("find old uploads: %w", err)
	}
	return found, nil
}
