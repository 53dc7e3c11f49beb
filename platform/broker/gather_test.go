package broker_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/broker"
)

// wire is a connection that takes one packet at a time, when it is told to.
type wire struct {
	net.Conn
	packets chan []byte
	fail    chan error
	closed  chan struct{}
}

func newWire() *wire {
	return &wire{packets: make(chan []byte), fail: make(chan error), closed: make(chan struct{})}
}

func (w *wire) Write(data []byte) (int, error) {
	select {
	case w.packets <- bytes.Clone(data):
		return len(data), nil
	case err := <-w.fail:
		return 0, err
	}
}

func (w *wire) SetWriteDeadline(time.Time) error { return nil }

func (w *wire) Close() error {
	close(w.closed)
	return nil
}

func (w *wire) take(t *testing.T) string {
	t.Helper()
	select {
	case packet := <-w.packets:
		return string(packet)
	case <-time.After(patience):
		t.Fatal("no packet came")
		return ""
	}
}

func (w *wire) awaitClosed(t *testing.T) {
	t.Helper()
	select {
	case <-w.closed:
	case <-time.After(patience):
		t.Fatal("the connection is still open")
	}
}

const patience = 20 * time.Second

func write(t *testing.T, to io.Writer, text string) {
	t.Helper()
	n, err := io.WriteString(to, text)
	require.NoError(t, err)
	require.Equal(t, len(text), n)
}

func TestWhatIsWrittenWhileAPacketIsOnItsWayGoesWithTheNext(t *testing.T) {
	w := newWire()
	g := broker.Gather(w)
	large := strings.Repeat("x", broker.GatherRoom/2)
	write(t, g, large) // on its way, and by itself: nothing waits for more to come
	require.Equal(t, large, w.take(t))
	write(t, g, "first ")
	var all string
	for _, word := range []string{"second ", "third ", "fourth"} {
		write(t, g, word)
	}
	packets := 0
	for ; len(all) < len("first second third fourth"); packets++ {
		all += w.take(t)
	}
	assert.Equal(t, "first second third fourth", all)
	assert.LessOrEqual(t, packets, 2, "the first may have gone before the second came")
	require.NoError(t, g.Close())
	w.awaitClosed(t)
}

func TestWhoWritesKeepsTheBuffer(t *testing.T) {
	w := newWire()
	g := broker.Gather(w)
	buffer := []byte("one")
	_, err := g.Write(buffer)
	require.NoError(t, err)
	copy(buffer, "two")
	assert.Equal(t, "one", w.take(t))
	require.NoError(t, g.Close())
	w.awaitClosed(t)
}

func TestWhoWritesTooMuchWaits(t *testing.T) {
	w := newWire()
	g := broker.Gather(w)
	full := strings.Repeat("x", broker.GatherRoom+1)
	write(t, g, "on its way")
	written := make(chan struct{})
	go func() {
		defer close(written)
		for range 3 { // with the one on its way that is one too many
			_, err := io.WriteString(g, full)
			assert.NoError(t, err)
		}
	}()
	select {
	case <-written:
		t.Fatal("it holds all of it")
	case <-time.After(50 * time.Millisecond):
	}
	got := ""
	for len(got) < len("on its way")+3*len(full) {
		got += w.take(t)
	}
	<-written
	assert.Equal(t, "on its way"+full+full+full, got)
	require.NoError(t, g.Close())
	w.awaitClosed(t)
}

func TestWhatWasWrittenBeforeTheEndIsSent(t *testing.T) {
	w := newWire()
	g := broker.Gather(w)
	write(t, g, "last ")
	write(t, g, "words")
	require.NoError(t, g.Close())
	_, err := io.WriteString(g, "late")
	require.ErrorIs(t, err, net.ErrClosed)
	require.ErrorIs(t, g.Close(), net.ErrClosed)
	got := ""
	for len(got) < len("last words") {
		got += w.take(t)
	}
	assert.Equal(t, "last words", got)
	w.awaitClosed(t)
}

func TestABrokenConnectionShowsAtALaterWriteAndIsClosed(t *testing.T) {
	w := newWire()
	g := broker.Gather(w)
	write(t, g, "lost")
	broken := errors.New("broken pipe")
	w.fail <- broken
	w.awaitClosed(t) // so that who reads learns of it
	_, err := io.WriteString(g, "more")
	require.ErrorIs(t, err, broken)
}

func TestWhoWaitsForRoomLearnsOfTheBreak(t *testing.T) {
	w := newWire()
	g := broker.Gather(w)
	full := strings.Repeat("x", broker.GatherRoom+1)
	refused := make(chan error, 1)
	go func() {
		var err error
		for err == nil {
			_, err = io.WriteString(g, full)
		}
		refused <- err
	}()
	broken := errors.New("broken pipe")
	w.fail <- broken
	select {
	case err := <-refused:
		require.ErrorIs(t, err, broken)
	case <-time.After(patience):
		t.Fatal("it waits for ever")
	}
	w.awaitClosed(t)
}

func TestAConnectionThatTakesNothingIsGivenUpWhenItIsClosed(t *testing.T) {
	near, far := net.Pipe()
	g := broker.Gather(near)
	write(t, g, "nobody reads this")
	require.NoError(t, g.Close())
	ended := make(chan struct{})
	go func() { // read after the last words were given up: the end, and nothing before it
		defer close(ended)
		time.Sleep(3 * time.Second)
		_, err := io.ReadAll(far)
		assert.NoError(t, err)
	}()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("it was never closed")
	}
}
