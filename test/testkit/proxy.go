package testkit

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Proxy stands between a client and a server on TCP, to take the server away and give it back.
type Proxy struct {
	Addr   string
	target string

	mu       sync.Mutex
	listener net.Listener
	cut      bool
	open     map[net.Conn]struct{}
	running  sync.WaitGroup
}

// NewProxy makes a proxy to target, open, and closes it when the test ends.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	p := &Proxy{target: target, Addr: "127.0.0.1:0", open: map[net.Conn]struct{}{}}
	p.Restore(t)
	t.Cleanup(p.Cut)
	return p
}

// Restore lets clients in.
func (p *Proxy) Restore(t testing.TB) {
	t.Helper()
	listener, err := net.Listen("tcp", p.Addr)
	require.NoError(t, err)
	p.mu.Lock()
	p.listener, p.Addr, p.cut = listener, listener.Addr().String(), false
	p.mu.Unlock()
	p.running.Go(func() { p.accept(listener) })
}

// Cut closes every connection and refuses new ones.
func (p *Proxy) Cut() {
	p.mu.Lock()
	p.cut = true
	_ = p.listener.Close()
	for connection := range p.open {
		_ = connection.Close()
	}
	p.mu.Unlock()
	p.running.Wait()
}

func (p *Proxy) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.connect(listener, client, server)
	}
}

// connect joins the two, unless the proxy was cut meanwhile.
func (p *Proxy) connect(listener net.Listener, client, server net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != listener || p.cut {
		_ = client.Close()
		_ = server.Close()
		return
	}
	p.open[client], p.open[server] = struct{}{}, struct{}{}
	p.running.Go(func() { p.pipe(client, server) })
	p.running.Go(func() { p.pipe(server, client) })
}

func (p *Proxy) pipe(from, to net.Conn) {
	_, _ = io.Copy(to, from)
	_ = from.Close()
	_ = to.Close()
	p.mu.Lock()
	delete(p.open, from)
	delete(p.open, to)
	p.mu.Unlock()
}
