package database_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// line is a network between the service and its database that can be cut.
type line struct {
	listener net.Listener
	group    sync.WaitGroup
	cutAfter atomic.Value // string: when the client has sent this, the answer does not arrive, once
}

func newLine(t *testing.T, target string) *line {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return serveLine(t, listener, target)
}

// serveLine carries what comes in at listener to target and back, until the test ends.
func serveLine(t *testing.T, listener net.Listener, target string) *line {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	l := &line{listener: listener}
	l.cutAfter.Store("")
	l.group.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			l.group.Go(func() { l.carry(ctx, client, target) })
		}
	})
	t.Cleanup(func() { stop(); assert.NoError(t, listener.Close()); l.group.Wait() })
	return l
}

func (l *line) addr() string { return l.listener.Addr().String() }

func (l *line) carry(ctx context.Context, client net.Conn, target string) {
	server, err := net.Dial("tcp", target)
	if err != nil {
		_ = client.Close()
		return
	}
	cut := func() { _, _ = client.Close(), server.Close() }
	defer cut()
	defer context.AfterFunc(ctx, cut)()
	l.group.Go(func() { defer cut(); _, _ = io.Copy(client, server) })
	packet := make([]byte, 64<<10)
	for {
		n, err := client.Read(packet)
		if err != nil {
			return
		}
		if word, _ := l.cutAfter.Load().(string); word != "" && bytes.Contains(packet[:n], []byte(word)) && l.cutAfter.CompareAndSwap(word, "") {
			_ = client.Close()
			_, _ = server.Write(packet[:n])
			return
		}
		if _, err := server.Write(packet[:n]); err != nil {
			return
		}
	}
}
