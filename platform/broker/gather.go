package broker

import (
	"net"
	"sync"
	"time"
)

const (
	gatherRoom = 256 << 10       // bytes that wait to be written before a writer has to wait
	lastWords  = 2 * time.Second // for what is still to be written when a connection is closed
)

// gathered is a connection on which many small writes become few large ones: the library writes once for each message
// and each acknowledgement, and every write is a packet that the server is woken for. What is written while another
// packet is on its way goes with the next; nothing waits for more to come. An error shows at a later write, and closes
// the connection, so that who reads from it learns of it.
type gathered struct {
	net.Conn

	mu      sync.Mutex
	changed sync.Cond // something waits, or there is room again, or it has ended
	waiting []byte
	failed  error
	closed  bool
}

// gather makes one. Its goroutine ends once it is closed, or broken.
func gather(connection net.Conn) *gathered {
	g := &gathered{Conn: connection}
	g.changed.L = &g.mu
	go g.write()
	return g
}

// Write is part of net.Conn. It keeps a copy, and waits only where too much is there already.
func (g *gathered) Write(data []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.waiting) > gatherRoom && g.failed == nil && !g.closed {
		g.changed.Wait()
	}
	switch {
	case g.failed != nil:
		return 0, g.failed
	case g.closed:
		return 0, net.ErrClosed
	}
	g.waiting = append(g.waiting, data...)
	g.changed.Broadcast()
	return len(data), nil
}

// Close is part of net.Conn. What was written before is still sent, if the other side takes it soon.
func (g *gathered) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return net.ErrClosed
	}
	g.closed = true
	g.changed.Broadcast()
	return g.SetWriteDeadline(time.Now().Add(lastWords))
}

// write sends what waits, until the end. It closes the connection.
func (g *gathered) write() {
	var sending []byte
	for {
		g.mu.Lock()
		for len(g.waiting) == 0 && g.failed == nil && !g.closed {
			g.changed.Wait()
		}
		if len(g.waiting) == 0 || g.failed != nil {
			g.mu.Unlock()
			_ = g.Conn.Close()
			return
		}
		sending, g.waiting = g.waiting, sending[:0]
		g.changed.Broadcast()
		g.mu.Unlock()
		_, err := g.Conn.Write(sending)
		g.mu.Lock()
		g.failed = err
		g.changed.Broadcast()
		g.mu.Unlock()
		if cap(sending) > 2*gatherRoom { // one large message is no reason to hold on to its room
			sending = nil
		}
	}
}
