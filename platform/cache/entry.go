package cache

import "time"

// entry is what a load gave: a value, or that there is none.
type entry[T any] struct {
	value  T
	absent error // why there is no value, nil when there is one
	times
}

// times say what an entry is good for, each up to a moment.
type times struct {
	fresh time.Time // served as it is
	stale time.Time // then: served, and loaded anew meanwhile
	dead  time.Time // then: served when it cannot be loaded
}

func (t times) isFresh(now time.Time) bool { return now.Before(t.fresh) }
func (t times) isStale(now time.Time) bool { return now.Before(t.stale) }
func (t times) isDead(now time.Time) bool  { return !now.Before(t.dead) }

// until is t for a copy that must be looked at again by then.
func (t times) until(end time.Time) times {
	if t.fresh.After(end) {
		t.fresh, t.stale = end, end
	}
	return t
}

// only is t for a copy that is no good at all after end.
func (t times) only(end time.Time) times {
	t = t.until(end)
	t.stale, t.dead = t.fresh, t.fresh
	return t
}

// held is an entry in process.
type held[T any] struct {
	*entry[T]
	marks marks
	times // those of the entry, or shorter
	size  uint32
}

func (h *held[T]) weight() uint32 { return h.size }
