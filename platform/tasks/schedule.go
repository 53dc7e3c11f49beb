package tasks

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // a container may have none

	"github.com/robfig/cron/v3"
)

// Schedule starts a task again and again, by the clock, once for all processes. What was missed while none was there is
// made up for once. A task is not started while the one before has not finished.
type Schedule struct {
	name    string
	spec    string
	kind    string
	payload []byte
	plan    cron.Schedule
	err     error
}

// MaxSchedule is the longest name of a schedule, in bytes.
const MaxSchedule = 100

// Cron makes a schedule of five fields (minute, hour, day of month, month, day of week) or @daily and the like, by the
// clock of a time zone such as Europe/Berlin. A time that the clock jumps over in spring is left out. The name is unique
// in the program. What is wrong with it shows in NewWorker.
func Cron[P, R any](name, spec, zone string, kind Kind[P, R], params P) Schedule {
	s := schedule(name, "CRON_TZ="+zone+" "+spec, kind, params)
	if s.err == nil {
		s.plan, s.err = cron.ParseStandard(s.spec)
	}
	return s
}

// Every makes a schedule of equal intervals of at least a second, from the moment when it is first seen.
func Every[P, R any](name string, interval time.Duration, kind Kind[P, R], params P) Schedule {
	s := schedule(name, "@every "+interval.String(), kind, params)
	if s.err == nil && interval < time.Second {
		s.err = errors.New("the interval is below a second")
	}
	s.plan = steady(interval)
	return s
}

func schedule[P, R any](name, spec string, kind Kind[P, R], params P) Schedule {
	s := Schedule{name: name, spec: spec, kind: string(kind)}
	s.payload, s.err = json.Marshal(params)
	if s.err == nil && (name == "" || len(name) > MaxSchedule || len(spec) > 200) {
		s.err = fmt.Errorf("the name has 1 to %d bytes, and the time at most 200", MaxSchedule)
	}
	return s
}

// steady is an interval.
type steady time.Duration

// Next is the end of the interval that begins at now.
func (s steady) Next(now time.Time) time.Time { return now.Add(time.Duration(s)) }

func (w *Worker) checkSchedules() error {
	names := map[string]bool{}
	var failed []error
	for _, s := range w.schedules {
		_, known := w.handlers[s.kind]
		switch {
		case s.err != nil:
			failed = append(failed, fmt.Errorf("the schedule %s: %w", s.name, s.err))
		case s.plan.Next(w.now()).IsZero():
			failed = append(failed, fmt.Errorf("the schedule %s: the time %q never comes", s.name, s.spec))
		case names[s.name]:
			failed = append(failed, fmt.Errorf("two schedules have the name %s", s.name))
		case !known:
			failed = append(failed, fmt.Errorf("the schedule %s: nobody carries out tasks of the kind %s", s.name, s.kind))
		}
		names[s.name] = true
	}
	return errors.Join(failed...)
}
