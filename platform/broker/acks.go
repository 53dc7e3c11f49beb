package broker

import (
	"slices"
	"sync"
	"time"
)

// ackWait is how long an acknowledgement waits for others. Until it is sent a crash would deliver its message again.
const ackWait = 2 * time.Millisecond

// acks tells the server what was handled: all of a row in one command, which the server replicates and stores as one,
// and what is ahead of a message that is still being handled by itself.
type acks struct {
	channel acknowledger
	most    int           // so many wait at most, for the server delivers no more than it has acknowledgements for
	wait    time.Duration // for others

	mu    sync.Mutex
	last  uint64          // the tag up to which all were handled; tags count from 1
	ahead map[uint64]bool // those behind it that were handled, too
	fresh []uint64        // those that were handled and that the server does not know of
	timer *time.Timer     // runs while there are any
}

// acknowledger is a channel on which messages were delivered. With multiple, all up to the tag are meant.
type acknowledger interface {
	Ack(tag uint64, multiple bool) error
}

func newAcks(channel acknowledger, prefetch int, wait time.Duration) *acks {
	return &acks{channel: channel, most: max(1, prefetch/4), wait: wait, ahead: map[uint64]bool{}}
}

// add takes up a message that was handled.
func (a *acks) add(tag uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ahead[tag] = true
	a.fresh = append(a.fresh, tag)
	switch {
	case len(a.fresh) >= a.most:
		a.send()
	case a.timer == nil:
		a.timer = time.AfterFunc(a.wait, a.flush)
	}
}

// flush sends all that wait.
func (a *acks) flush() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.send()
}

// send is flush, for who has the lock. A channel that is broken needs no acknowledgements: its messages come again.
func (a *acks) send() {
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	for a.ahead[a.last+1] {
		a.last++
		delete(a.ahead, a.last)
	}
	slices.Sort(a.fresh)
	row, _ := slices.BinarySearch(a.fresh, a.last+1)
	if row > 0 {
		_ = a.channel.Ack(a.fresh[row-1], true) // not a.last: the server breaks the channel for a tag that it knows already
	}
	for _, tag := range a.fresh[row:] {
		_ = a.channel.Ack(tag, false)
	}
	a.fresh = a.fresh[:0]
}
