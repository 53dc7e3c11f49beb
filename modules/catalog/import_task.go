package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/platform/tasks"
)

// The kinds of task of the catalog.
const (
	importKind tasks.Kind[importParams, importResult] = "catalog.import"
	cleanKind  tasks.Kind[struct{}, cleanResult]      = "catalog.clean"
)

var cleaning = tasks.Every("catalog.clean", time.Hour, cleanKind, struct{}{})

func (s *Service) handlers(cfg Config) []tasks.Handler {
	return []tasks.Handler{
		importKind.On(s.runImport, tasks.Options{Timeout: cfg.StreamTimeout}),
		cleanKind.On(func(ctx context.Context, _ *tasks.Run, _ struct{}) (cleanResult, error) {
			keep := max(cfg.UploadRetention, cfg.StreamTimeout) // until then a client may still be sending it
			gone, err := s.ForgetUploads(ctx, s.now().Add(-keep))
			return cleanResult{gone}, err
		}, tasks.Options{Retention: time.Hour}),
	}
}

type cleanResult struct {
	Uploads int `json:"uploads"`
}

const forgetBatch = 100

// ForgetUploads forgets the files that came before a time, but for those that a task is still to import, and counts them.
func (s *Service) ForgetUploads(ctx context.Context, before time.Time) (gone int, err error) {
	return tasks.Each(ctx, func(ctx context.Context, after string) ([]string, error) {
		return s.repo.OldUploads(ctx, before, after, forgetBatch)
	}, func(ctx context.Context, upload string) (done bool, err error) {
		wanted, err := importKind.Unfinished(ctx, s.tasks, upload)
		if err != nil || wanted {
			return false, err
		}
		return true, s.repo.DeleteUpload(ctx, upload)
	})
}

type importParams struct {
	Upload  string        `json:"upload"`
	Chunks  int           `json:"chunks"`
	Options ImportOptions `json:"options"`
}

// chunk is a part of a file that is imported in the background. The file is in the database, since every replica that may
// carry out the task reaches that, and it is as durable as the task.
type chunk struct {
	UploadID  string    `gorm:"size:36;primaryKey"`
	Seq       int       `gorm:"primaryKey;autoIncrement:false"`
	Data      []byte    `gorm:"not null"`
	CreatedAt time.Time `gorm:"not null;index:catalog_upload_chunks_created"`
}

// TableName names the table.
func (chunk) TableName() string { return "catalog_upload_chunks" }

const (
	chunkSize    = 512 << 10 // bytes: well below the packet that a server takes
	cleanTimeout = 10 * time.Second
)

// errUploadGone is the task whose file is not there any more.
var errUploadGone = errors.New("the uploaded file is not complete any more")

// ImportLater stores the file and imports it in the background. The task's result is the report that Import gives, and
// its problem the error.
func (s *Service) ImportLater(ctx context.Context, body io.Reader, options ImportOptions) (task *tasks.Task, err error) {
	upload := id.New()
	defer func() {
		if err != nil { // what is left over after a crash is cleaned up later
			limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTimeout)
			defer cancel()
			err = errors.Join(err, s.repo.DeleteUpload(limited, upload))
		}
	}()
	chunks, err := s.store(ctx, upload, body)
	if err != nil {
		return nil, fmt.Errorf("store the imported file: %w", err)
	}
	return importKind.Enqueue(ctx, s.tasks, importParams{Upload: upload, Chunks: chunks, Options: options}, tasks.Spec{Key: upload})
}

// store keeps the file, a chunk in a transaction: none waits for the client.
func (s *Service) store(ctx context.Context, upload string, body io.Reader) (chunks int, err error) {
	for buffer := make([]byte, chunkSize); ; chunks++ {
		n, err := io.ReadFull(body, buffer)
		if n > 0 {
			if err := s.repo.InsertChunk(ctx, &chunk{UploadID: upload, Seq: chunks, Data: buffer[:n], CreatedAt: s.now()}); err != nil {
				return chunks, err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return chunks, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return chunks + 1, nil
		case err != nil:
			return chunks, err
		}
	}
}

// runImport carries out the task. What it has written, and how far it has come, are one transaction: so however often it
// is begun, each row is imported once.
func (s *Service) runImport(ctx context.Context, run *tasks.Run, params importParams) (importResult, error) {
	log := &journal{run: run}
	if _, err := run.Saved(&log.state); err != nil {
		return importResult{}, err
	}
	result := log.state.Result
	if !log.state.Done {
		file, err := spool(&uploadReader{ctx: ctx, repo: s.repo, params: params})
		if err != nil {
			return importResult{}, err
		}
		defer discard(file)
		if result, err = s.importFile(ctx, file, params.Options, log); err != nil {
			return importResult{}, err
		}
	}
	return showImport(result), s.repo.DeleteUpload(ctx, params.Upload)
}

// uploadReader reads a stored file.
type uploadReader struct {
	ctx    context.Context
	repo   *Repository
	params importParams
	next   int
	rest   bytes.Reader
}

// Read implements io.Reader.
func (r *uploadReader) Read(p []byte) (int, error) {
	for r.rest.Len() == 0 {
		if r.next == r.params.Chunks {
			return 0, io.EOF
		}
		data, err := r.repo.Chunk(r.ctx, r.params.Upload, r.next)
		if errors.Is(err, errUploadGone) {
			return 0, tasks.Final(problem.Internal.Because(err))
		}
		if err != nil {
			return 0, err
		}
		r.rest.Reset(data)
		r.next++
	}
	return r.rest.Read(p)
}

// importState is how far an import has come.
type importState struct {
	Rows   int          `json:"rows"` // dealt with, from the beginning of the file; their outcome is in Result
	Result ImportResult `json:"result"`
	Done   bool         `json:"done"`
}

// journal tells how an import goes on to those who watch its task, and to a later run. A nil one tells nobody.
type journal struct {
	run   *tasks.Run
	state importState // of the earlier run
	total int         // rows in the file; 0: not known yet
}

// of is the journal of a file with so many rows.
func (j *journal) of(total int) *journal {
	if j == nil {
		return nil
	}
	return &journal{run: j.run, state: j.state, total: total}
}

const progressEvery = 100 // rows

// rows says how many rows were read.
func (j *journal) rows(read int) {
	switch {
	case j == nil || read%progressEvery != 0 && read != j.total:
	case j.total == 0:
		j.run.Progress(0, fmt.Sprintf("%d rows checked", read))
	default:
		j.run.Progress(read*100/j.total, fmt.Sprintf("row %d of %d", read, j.total))
	}
}

// keep stores how far the import has come, in the transaction of what it has written.
func (j *journal) keep(ctx context.Context, rows int, result ImportResult) error {
	if j == nil {
		return nil
	}
	return j.run.Save(ctx, importState{Rows: rows, Result: result, Done: rows == j.total})
}

// kept is how far an earlier run has come.
func (j *journal) kept() (rows int, result ImportResult) {
	if j == nil {
		return 0, ImportResult{}
	}
	return j.state.Rows, j.state.Result
}
