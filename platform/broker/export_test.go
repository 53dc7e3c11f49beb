package broker

import (
	"net"
	"time"
)

// What the specifications look at that nobody else has to know of.
const (
	AckWait    = ackWait
	GatherRoom = gatherRoom
)

// Acks takes up what was handled.
type Acks = acks

// NewAcks makes one.
func NewAcks(channel acknowledger, prefetch int) *Acks { return newAcks(channel, prefetch, ackWait) }

// Gathering makes acknowledgements wait for so long, or until there are enough or no more.
func Gathering(b Broker, wait time.Duration) {
	b.(*rabbit).ackWait = wait //nolint:forcetypeassert // fails the test
}

// Add takes up one message.
func (a *acks) Add(tag uint64) { a.add(tag) }

// Flush sends all that wait.
func (a *acks) Flush() { a.flush() }

// Gather makes many small writes few large ones.
func Gather(connection net.Conn) net.Conn { return gather(connection) }
