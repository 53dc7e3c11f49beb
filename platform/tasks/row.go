package tasks

import (
	"encoding/json"
	"time"

	"github.com/trellis-go/trellis/platform/problem"
)

// row is a task. All times are Unix microseconds, 0 while there is none. The parameters are in the task's job, which is
// gone once the task is finished.
type row struct {
	ID         string  `gorm:"size:36;primaryKey;index:tasks_tasks_owner,priority:2"`
	Kind       string  `gorm:"size:100;not null"`
	Owner      string  `gorm:"size:100;index:tasks_tasks_owner,priority:1"` // the user whose it is; empty: the program's own
	Owed       bool    // nobody cancels it; NULL: no, as before there was the column
	State      State   `gorm:"size:10;not null;index:tasks_tasks_state"`
	Canceling  bool    `gorm:"not null"`
	UniqueKey  *string `gorm:"size:301;uniqueIndex:tasks_tasks_unique"` // kind/key; NULL for one without a key, or finished
	Run        *string `gorm:"size:36"`                                 // which run it is in; NULL: in none
	Attempt    int     `gorm:"not null"`
	Retention  int64   `gorm:"not null"` // of the kind, in microseconds, known once it was begun
	Progress   int     `gorm:"not null"`
	Message    string  `gorm:"size:500"`
	Saved      []byte  // what its handler keeps from run to run, as JSON
	Result     []byte  // JSON
	Failure    []byte  // a problem document
	RunAt      int64   `gorm:"not null"`
	CreatedAt  int64   `gorm:"not null;autoCreateTime:false"`
	StartedAt  int64   `gorm:"not null"`
	FinishedAt int64   `gorm:"not null"`
	ExpiresAt  int64   `gorm:"not null;index:tasks_tasks_expiry"` // when a finished one may be forgotten
}

// TableName names the table.
func (row) TableName() string { return "tasks_tasks" }

func (r *row) task() *Task {
	task := &Task{
		ID: r.ID, Kind: r.Kind, Owner: r.Owner, State: r.State, Canceling: r.Canceling && r.State == Running,
		Attempt: r.Attempt, Progress: r.Progress, Message: r.Message, Result: r.Result,
		RunAt: time.UnixMicro(r.RunAt).UTC(), CreatedAt: time.UnixMicro(r.CreatedAt).UTC(),
		StartedAt: moment(r.StartedAt), FinishedAt: moment(r.FinishedAt), owed: r.Owed,
	}
	var document problem.Document
	if len(r.Failure) > 0 && json.Unmarshal(r.Failure, &document) == nil {
		task.Problem = &document
	}
	return task
}

func moment(micros int64) *time.Time {
	if micros == 0 {
		return nil
	}
	at := time.UnixMicro(micros).UTC()
	return &at
}

// timetable is when a schedule is due. Who starts its task holds its lock.
type timetable struct {
	Name   string `gorm:"size:100;primaryKey"`
	Spec   string `gorm:"size:200;not null"` // what NextAt was reckoned by
	NextAt int64  `gorm:"not null"`
	TaskID string `gorm:"size:36"` // the last one
}

// TableName names the table.
func (timetable) TableName() string { return "tasks_schedules" }

// Models are what the tables are made for.
func Models() []any { return []any{&row{}, &timetable{}} }
