package testkit

import (
	"bytes"
	"sync"
)

// Log is what was written to a log, for a test that reads it while others write.
type Log struct {
	mu      sync.Mutex
	written bytes.Buffer
}

// Write is part of io.Writer.
func (l *Log) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written.Write(line)
}

// String is all that was written.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written.String()
}
