package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
)

// Server listens and lets the API answer.
type Server struct {
	api      *API
	key      string // of the configuration, that the address comes from
	http     *http.Server
	listener net.Listener
}

// NewServer makes the server of an API. It listens from Start on.
func NewServer(api *API) *Server { return newServer(api, "http.addr", api.cfg.Addr, api) }

// NewProbes makes a server that answers probes and the request for metrics alone, for a process without an API.
func NewProbes(api *API, addr string) *Server { return newServer(api, "worker.addr", addr, api.probesOnly()) }

func newServer(api *API, key, addr string, handler http.Handler) *Server {
	cfg := api.cfg
	return &Server{api: api, key: key, http: &http.Server{
		Addr:              addr,
		Handler:           handler,
		ReadHeaderTimeout: cfg.ReadHeaderTimeout,
		ReadTimeout:       cfg.ReadTimeout,
		WriteTimeout:      cfg.WriteTimeout,
		IdleTimeout:       cfg.IdleTimeout,
		MaxHeaderBytes:    int(cfg.MaxHeader),
		ErrorLog:          slog.NewLogLogger(api.log.Handler(), slog.LevelWarn),
	}}
}

// Start takes the address. Requests wait until Run.
func (s *Server) Start(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.http.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s %s: %w", s.key, s.http.Addr, err)
	}
	s.listener = listener
	s.api.log.InfoContext(ctx, "listening", "addr", listener.Addr().String())
	return nil
}

// Addr is where the server listens, once started.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Run serves until Drain or Stop.
func (s *Server) Run(context.Context) error {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP: %w", err)
	}
	return nil
}

// Drain accepts no more requests, ends the streams of events and waits for the requests in flight.
func (s *Server) Drain(ctx context.Context) error {
	s.api.drain()
	if err := s.http.Shutdown(ctx); err != nil {
		return fmt.Errorf("wait for the requests in flight: %w", err)
	}
	return nil
}

// Stop cuts what is still in flight.
func (s *Server) Stop(context.Context) error {
	if err := s.http.Close(); err != nil {
		return fmt.Errorf("close the HTTP server: %w", err)
	}
	return nil
}
