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
	http     *http.Server
	listener net.Listener
}

// NewServer makes the server of an API. It listens from Start on.
func NewServer(api *API) *Server {
	cfg := api.cfg
	return &Server{api: api, http: &http.Server{
		Addr:              cfg.Addr,
		Handler:           api,
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
		return fmt.Errorf("listen on http.addr %s: %w", s.http.Addr, err)
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

// Drain accepts no more requests and waits for those in flight.
func (s *Server) Drain(ctx context.Context) error {
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
