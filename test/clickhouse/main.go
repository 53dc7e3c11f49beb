//go:build linux

// Command clickhouse is a ClickHouse server for tests: the real engine, as the shared library of chDB, behind the part of
// ClickHouse's HTTP interface that clients need. It has no native protocol, no replicas, and no users: any name and
// password are let in, so it listens on the loopback interface only.
//
//	go run ./test/clickhouse --library libchdb.so --path data --addr 127.0.0.1:38123
//
// It prints the URL on which it answers once it does, and stops on SIGTERM. What was written is in the path and survives
// a kill. make services installs the library and starts it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	headerTimeout = 10 * time.Second
	stopTimeout   = 10 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "clickhouse:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("clickhouse", flag.ContinueOnError)
	library := flags.String("library", os.Getenv("TRELLIS_TEST_CHDB"), "the file libchdb.so; by default that of TRELLIS_TEST_CHDB")
	path := flags.String("path", "", "the folder of the data")
	addr := flags.String("addr", "127.0.0.1:0", "where to listen, on a loopback address")
	if err := flags.Parse(args); err != nil {
		return err
	}
	listener, err := listen(ctx, *addr)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	engine, err := openEngine(*library, *path)
	if err != nil {
		return err
	}
	defer engine.close()
	fmt.Fprintf(out, "http://%s\n", listener.Addr())
	return serve(ctx, listener, handler{engine})
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if bound, ok := listener.Addr().(*net.TCPAddr); !ok || !bound.IP.IsLoopback() {
		return nil, errors.Join(fmt.Errorf("%s is not a loopback address, and everybody is let in", addr), listener.Close())
	}
	return listener, nil
}

// serve answers on listener until ctx ends, and then until the requests in flight are answered.
func serve(ctx context.Context, listener net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		stopped <- server.Shutdown(ending)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
