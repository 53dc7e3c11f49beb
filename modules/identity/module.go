// Package identity is the domain of who uses the application: accounts, signing in and out, and what role somebody has.
//
// Signing in begins a session. It has two tokens: the access token is sent with every request and is good for minutes,
// the refresh token buys the next pair, once. A refresh token that comes a second time was stolen, from one side or the
// other, and ends its session. Sessions is asked at the gate whether a session still lives, so that what ends one counts
// within a second on every replica.
//
// Passwords are hashed with Argon2id, and an account may have a second factor (RFC 6238).
package identity

import (
	"github.com/google/wire"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/tasks"
)

// The permissions of the module.
const (
	Read   auth.Permission = "identity:read"   // see accounts
	Manage auth.Permission = "identity:manage" // change their roles, deactivate them
)

// Set provides the module and what it is made of. The application asks Sessions at its gate.
var Set = wire.NewSet(
	New, NewHandler, NewService, NewRepository, NewSessions, NewConsole, wire.Bind(new(auth.Sessions), new(*Sessions)),
)

// Module is identity as the application sees it.
type Module struct {
	module.Module
	Accounts *Service // for the commands on them
}

// New puts the module together.
func New(h *Handler) *Module {
	return &Module{Accounts: h.service, Module: module.Module{
		Name:     "identity",
		Database: h.service.cfg.Database,
		Routes:   func(api *httpapi.API) { h.routes(api.V(httpapi.DefaultVersion)) },
		Models:   []any{&User{}, &Session{}, &RefreshToken{}, &Factor{}, &RecoveryCode{}},
		Start:    h.service.Seed,

		Tasks:     []tasks.Handler{h.service.cleaner()},
		Schedules: []tasks.Schedule{cleaning},
	}}
}
