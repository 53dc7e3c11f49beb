package analytics

import (
	"fmt"
	"time"

	"github.com/trellis-go/trellis/platform/problem"
)

// Interval is what sales over time are counted by.
type Interval string

// The intervals. A week begins on Monday.
const (
	Hour  Interval = "hour"
	Day   Interval = "day"
	Week  Interval = "week"
	Month Interval = "month"
)

const (
	maxPoints     = 2000
	defaultDays   = 30
	earliestYear  = 2000 // before which time zones were not whole quarters of an hour away from UTC
	latestYear    = 2200
	rulePeriodEnd = "must be after from"
	ruleTime      = "must be a day, such as 2026-11-24, or a time, such as 2026-11-24T12:00:00Z, from 2000 to 2200"
)

// start is when the interval began that a time is in, by the clocks of the time's zone.
func (i Interval) start(at time.Time) time.Time {
	year, month, day := at.Date()
	switch i {
	case Hour: // or, where clocks are changed by less than an hour, when they were
		start := at.Add(-sinceHour(at))
		if changed, _ := at.ZoneBounds(); start.Before(changed) {
			return changed
		}
		return start
	case Week:
		return startOfDay(year, month, day-(int(at.Weekday())+6)%7, at.Location())
	case Month:
		return startOfDay(year, month, 1, at.Location())
	default:
		return startOfDay(year, month, day, at.Location())
	}
}

// next is when the interval after the one that began at a time begins.
func (i Interval) next(start time.Time) time.Time {
	year, month, day := start.Date()
	switch i {
	case Hour: // the clocks show one of them twice in autumn: it is two
		return start.Add(time.Hour - sinceHour(start))
	case Week:
		return startOfDay(year, month, day+7, start.Location())
	case Month:
		return startOfDay(year, month+1, 1, start.Location())
	default:
		return startOfDay(year, month, day+1, start.Location())
	}
}

// sinceHour is how long ago the clocks showed a whole hour, had they not been changed since.
func sinceHour(at time.Time) time.Duration {
	return time.Duration(at.Minute())*time.Minute + time.Duration(at.Second())*time.Second + time.Duration(at.Nanosecond())
}

// startOfDay is the first moment of a day. Where clocks are changed at midnight that is not always 00:00, or 00:00 is twice. A
// day that was left out begins and ends with the beginning of the next.
func startOfDay(year int, month time.Month, day int, zone *time.Location) time.Time {
	at, midnight := time.Date(year, month, day, 0, 0, 0, 0, zone), time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	_, offset := at.Zone()
	if shown := at.Add(time.Duration(offset) * time.Second); !shown.Equal(midnight) { // the clocks are changed over it
		from, until := at.ZoneBounds()
		if shown.Before(midnight) {
			return until
		}
		return from
	}
	if earlier := at.Add(-time.Hour); earlier.Hour() == 0 && earlier.Day() == at.Day() {
		return earlier
	}
	return at
}

// starts are when the intervals of a period begin, the first of them not after the period does. The error is
// ErrTooManyPoints.
func (i Interval) starts(p Period, zone *time.Location) ([]time.Time, error) {
	var starts []time.Time
	for at := i.start(p.From.In(zone)); at.Before(p.To); at = i.next(at) {
		if len(starts) == maxPoints {
			return nil, ErrTooManyPoints.Errorf("there are more than %d intervals of one %s in the period", maxPoints, i)
		}
		starts = append(starts, at)
	}
	return starts, nil
}

// periodOf reads a period that a client names: by days, of which the last is in it, or by times. Without a from it is the last
// 30 days, without a to it ends with today.
func periodOf(from, to string, now time.Time, zone *time.Location) (Period, error) {
	now = now.In(zone)
	p := Period{To: Day.next(Day.start(now))}
	var wrong []problem.Field
	if to != "" {
		_, end, ok := timeOf(to, zone)
		if !ok {
			wrong = append(wrong, problem.Field{In: "query", Pointer: "/to", Detail: ruleTime})
		}
		p.To = end
	}
	year, month, day := p.To.In(zone).Date()
	p.From = startOfDay(year, month, day-defaultDays, zone)
	if from != "" {
		at, _, ok := timeOf(from, zone)
		if !ok {
			wrong = append(wrong, problem.Field{In: "query", Pointer: "/from", Detail: ruleTime})
		}
		p.From = at
	}
	if len(wrong) == 0 && !p.From.Before(p.To) {
		wrong = append(wrong, problem.Field{In: "query", Pointer: "/to", Detail: rulePeriodEnd})
	}
	if len(wrong) > 0 {
		return Period{}, problem.Invalid.New("").With(wrong...)
	}
	return p, nil
}

// timeOf reads a day of a time zone, which ends with the beginning of the next, or a time.
func timeOf(text string, zone *time.Location) (at, end time.Time, ok bool) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		at = startOfDay(day.Year(), day.Month(), day.Day(), zone)
		end = startOfDay(day.Year(), day.Month(), day.Day()+1, zone)
	} else if at, err = time.Parse(time.RFC3339, text); err != nil {
		return time.Time{}, time.Time{}, false
	} else {
		at, end = at.In(zone), at.In(zone)
	}
	return at, end, at.Year() >= earliestYear && at.Year() < latestYear
}

// String is the period as texts show it.
func (p Period) String() string {
	return fmt.Sprintf("%s_%s", p.From.Format(time.DateOnly), p.To.Add(-time.Nanosecond).Format(time.DateOnly))
}
