package broker_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/trellis-go/trellis/platform/broker"
)

// command is an acknowledgement as it is sent.
type command struct {
	Tag      uint64
	Multiple bool
}

// channel knows what was acknowledged, as the server does.
type channel struct {
	t *testing.T

	mu       sync.Mutex
	commands []command
	handled  map[uint64]bool
	known    map[uint64]bool
	broken   error
}

func newChannel(t *testing.T) *channel {
	return &channel{t: t, handled: map[uint64]bool{}, known: map[uint64]bool{}}
}

// Ack refuses, as the server would, what was acknowledged before; and what was not handled.
func (c *channel) Ack(tag uint64, multiple bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.commands = append(c.commands, command{tag, multiple})
	if c.broken != nil {
		return c.broken
	}
	assert.False(c.t, c.known[tag], "%d is acknowledged twice", tag)
	first := tag
	if multiple {
		first = 1
	}
	for one := first; one <= tag; one++ {
		assert.True(c.t, c.handled[one], "%d is acknowledged and was not handled", one)
		c.known[one] = true
	}
	return nil
}

// handle handles messages, one after the other.
func (c *channel) handle(a *broker.Acks, tags ...uint64) {
	for _, tag := range tags {
		c.mu.Lock()
		c.handled[tag] = true
		c.mu.Unlock()
		a.Add(tag)
	}
}

// sent are the commands since it was last asked.
func (c *channel) sent() []command {
	c.mu.Lock()
	defer c.mu.Unlock()
	sent := c.commands
	c.commands = nil
	return sent
}

func (c *channel) acknowledged() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.known)
}

func TestAnAcknowledgementWaitsForOthersAndNotLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t)
		a := broker.NewAcks(c, 100)
		c.handle(a, 1)
		time.Sleep(broker.AckWait / 2)
		c.handle(a, 2, 3)
		assert.Empty(t, c.sent())
		time.Sleep(broker.AckWait / 2)
		synctest.Wait()
		assert.Equal(t, []command{{3, true}}, c.sent(), "the time of the first counts")
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Empty(t, c.sent())
		c.handle(a, 4)
		time.Sleep(broker.AckWait)
		synctest.Wait()
		assert.Equal(t, []command{{4, true}}, c.sent())
	})
}

func TestAQuarterOfThePrefetchDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t)
		a := broker.NewAcks(c, 16)
		c.handle(a, 1, 2, 3)
		assert.Empty(t, c.sent())
		c.handle(a, 4)
		assert.Equal(t, []command{{4, true}}, c.sent())
		few := newChannel(t)
		b := broker.NewAcks(few, 1)
		few.handle(b, 1)
		assert.Equal(t, []command{{1, true}}, few.sent(), "the server has nothing more to deliver until then")
	})
}

func TestWhatIsAheadOfAMessageThatIsStillBeingHandledIsAcknowledgedByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t)
		a := broker.NewAcks(c, 16)
		c.handle(a, 1, 3, 2, 5)
		assert.Equal(t, []command{{3, true}, {5, false}}, c.sent())
		c.handle(a, 7)
		time.Sleep(broker.AckWait)
		synctest.Wait()
		assert.Equal(t, []command{{7, false}}, c.sent(), "5 is known")
		c.handle(a, 4)
		a.Flush()
		assert.Equal(t, []command{{4, true}}, c.sent(), "5 is known, and 6 is not handled")
		c.handle(a, 6, 8)
		a.Flush()
		assert.Equal(t, []command{{8, true}}, c.sent())
		assert.Equal(t, 8, c.acknowledged())
	})
}

func TestAFlushLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t)
		a := broker.NewAcks(c, 100)
		c.handle(a, 2, 3, 1)
		a.Flush()
		assert.Equal(t, 3, c.acknowledged())
		assert.Len(t, c.sent(), 1)
		a.Flush()
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Empty(t, c.sent())
	})
}

func TestEachMessageIsAcknowledgedOnceInWhateverOrderTheyAreHandled(t *testing.T) {
	for seed := range uint64(50) {
		synctest.Test(t, func(t *testing.T) {
			const messages = 500
			dice := rand.New(rand.NewPCG(seed, 1)) // the same in each run
			c := newChannel(t)
			a := broker.NewAcks(c, 40)
			var held []uint64
			for tag := uint64(1); tag <= messages || len(held) > 0; {
				if tag <= messages && (len(held) == 0 || len(held) < 20 && dice.IntN(2) == 0) {
					held = append(held, tag)
					tag++
					continue
				}
				i := dice.IntN(len(held))
				c.handle(a, held[i])
				held = slices.Delete(held, i, i+1)
				if dice.IntN(10) == 0 {
					time.Sleep(broker.AckWait)
				}
			}
			time.Sleep(broker.AckWait)
			synctest.Wait()
			assert.Equal(t, messages, c.acknowledged(), "seed %d", seed)
			assert.Less(t, len(c.sent()), messages)
		})
	}
}

func TestABrokenChannelNeedsNoAcknowledgements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t)
		c.broken = errors.New("the connection broke")
		a := broker.NewAcks(c, 4)
		c.handle(a, 1, 2)
		a.Flush()
		assert.Len(t, c.sent(), 2, "it goes on, and its end is told by the channel")
		assert.Zero(t, c.acknowledged())
	})
}
