package tasks

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/problem"
)

const (
	askAgain   = 2 * time.Second        // what clients are asked to wait before they read an unfinished task again
	look       = 500 * time.Millisecond // how often a watched task is read
	watchLimit = time.Hour              // after which a client that watches has to come back
)

// Manage is the permission to see and cancel the tasks of others, and those of the program itself.
const Manage auth.Permission = "tasks:manage"

// Routes serves tasks in every version of the API.
func (t *Tasks) Routes(api *httpapi.API) {
	const tag = "Tasks"
	for _, version := range httpapi.Versions {
		v := api.V(version.Number)
		httpapi.Handle(v, httpapi.Operation{
			ID: "list-tasks", Method: http.MethodGet, Path: "/tasks", Tag: tag, Policy: auth.Authenticated, Others: Manage, Summary: "List tasks",
			Description: "The latest first.", Problems: []*problem.Kind{problem.InvalidCursor},
		}, t.list)
		httpapi.Handle(v, httpapi.Operation{
			ID: "get-task", Method: http.MethodGet, Path: "/tasks/{id}", Tag: tag, Policy: auth.Authenticated, Others: Manage, Summary: "Read a task",
			Description: "How far a task has come that was answered with 202. `Retry-After` says when to read it again; it is not " +
				"there once the task is finished.",
			Problems: []*problem.Kind{ErrNotFound},
		}, t.get)
		httpapi.Handle(v, httpapi.Operation{
			ID: "cancel-task", Method: http.MethodPost, Path: "/tasks/{id}/cancel", Tag: tag, Policy: auth.Authenticated, Others: Manage, Summary: "Cancel a task",
			Description: "A task that waits is canceled at once (200). One that runs is told to end (202), and may succeed all the same.",
			Problems:    []*problem.Kind{ErrNotFound, ErrFinished, ErrOwed}, Answers: map[int]any{http.StatusAccepted: Task{}},
		}, t.cancel)
		httpapi.Handle(v, httpapi.Operation{
			ID: "watch-task", Method: http.MethodGet, Path: "/tasks/{id}/events", Tag: tag, Policy: auth.Authenticated, Others: Manage, Summary: "Watch a task",
			Description: "Server-sent events named `task`, each with the whole task: the first at once, then one for every change. The " +
				"stream ends with the task; when it ends before, come back.",
			Produces: httpapi.EventsType, Timeout: watchLimit, Problems: []*problem.Kind{ErrNotFound},
		}, t.watch)
	}
}

// TaskFilter is what chooses tasks. It is exported because fields of unexported embedded types cannot be set.
type TaskFilter struct {
	State string `query:"state" enum:"queued,running,succeeded,failed,canceled" doc:"Only tasks that have come so far"`
	Kind  string `query:"kind" maxLength:"100" example:"catalog.import" doc:"Only tasks of this kind"`
	Mine  bool   `query:"mine" doc:"Only your own, also when you may see those of others"`
}

type listTasksInput struct {
	httpapi.PageInput
	TaskFilter
}

const latestFirst = "-id" // ids grow with time

func (t *Tasks) list(ctx context.Context, in *listTasksInput) (*httpapi.ListOutput[*Task], error) {
	filters := fmt.Sprintf("%+v", in.TaskFilter)
	wanted, err := in.Page(latestFirst, filters)
	if err != nil {
		return nil, err
	}
	found, err := t.List(ctx, Filter{State: State(in.State), Kind: in.Kind, Mine: in.Mine}, wanted)
	if err != nil {
		return nil, err
	}
	return httpapi.NewList(&in.PageInput, latestFirst, filters, found, func(task *Task) *Task { return task }), nil
}

type taskInput struct {
	ID string `path:"id" maxLength:"100" doc:"The task's id"`
}

type taskOutput struct {
	Status     int
	RetryAfter string `header:"Retry-After" doc:"In how many seconds to read the task again"`
	Cache      string `header:"Cache-Control"`
	Body       *Task
}

func show(task *Task, status int) *taskOutput {
	out := &taskOutput{Status: status, Cache: "no-store", Body: task}
	if !task.State.Finished() {
		out.RetryAfter = seconds(askAgain)
	}
	return out
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

func (t *Tasks) get(ctx context.Context, in *taskInput) (*taskOutput, error) {
	task, err := t.ByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return show(task, http.StatusOK), nil
}

func (t *Tasks) cancel(ctx context.Context, in *taskInput) (*taskOutput, error) {
	task, err := t.Cancel(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if !task.State.Finished() {
		return show(task, http.StatusAccepted), nil
	}
	return show(task, http.StatusOK), nil
}

func (t *Tasks) watch(_ context.Context, in *taskInput) (*httpapi.Events, error) {
	return httpapi.Watch(func(ctx context.Context, stream *httpapi.EventStream) error {
		select {
		case t.streams <- struct{}{}:
			defer func() { <-t.streams }()
		default:
			return problem.Unavailable.New("too many clients watch tasks; read the task instead").After(askAgain)
		}
		var last *Task
		for {
			task, err := t.ByID(ctx, in.ID)
			if err != nil {
				return err
			}
			if !reflect.DeepEqual(task, last) {
				if err := stream.Send(httpapi.Event{Name: "task", Data: task}); err != nil {
					return err
				}
				last = task
			}
			if task.State.Finished() {
				return nil
			}
			if err := stream.Wait(ctx, look); err != nil {
				return err
			}
		}
	}), nil
}

// Accepted is embedded in the output of an operation that answers 202 with a task in its body.
type Accepted struct {
	Location          string `header:"Location" doc:"With 202: where the task is"`
	RetryAfter        string `header:"Retry-After" doc:"With 202: in how many seconds to read the task"`
	PreferenceApplied string `header:"Preference-Applied" doc:"With 202: respond-async"`
}

// Accept says where a task is, to a client that asked for it.
func Accept(origin *httpapi.Origin, task *Task) Accepted {
	return Accepted{
		Location: origin.Prefix() + "/tasks/" + task.ID, RetryAfter: seconds(askAgain), PreferenceApplied: httpapi.RespondAsync,
	}
}
