// Package auth says who sends a request and what they may do.
//
// Clients send a short-lived access token, a signed JWT (RFC 9068). Gate turns it into a Principal, which is in the
// context of the request from then on:
//
//	who := auth.PrincipalOf(ctx)
//
// Every operation declares a Policy, and one without is refused when the program starts:
//
//	Policy: auth.Public                // anybody
//	Policy: auth.Authenticated         // everybody who has signed in
//	Policy: auth.Can(catalog.Write)    // whose role has the permission
//
// Which role has which permission is said by one table, in wire_gen. Whose data it is, is for the service to check, with
// PrincipalOf and May: a policy knows the operation, not the row.
package auth

import (
	"context"
	"net/http"
	"slices"

	"github.com/trellis-go/trellis/platform/problem"
)

// Role is what a user is to the application.
type Role string

// The roles. Nobody has two: each may do what the table says, and admins everything.
const (
	Customer Role = "customer"
	Staff    Role = "staff"
	Admin    Role = "admin"
)

// Roles lists them.
var Roles = []Role{Customer, Staff, Admin}

// Valid tells whether it is one of Roles.
func (r Role) Valid() bool { return slices.Contains(Roles, r) }

// Permission names something that a role may do: the module, a colon, a verb. Its module declares it.
type Permission string

// Permissions says what each role may do. Admins may do everything, so they have no line.
type Permissions map[Role][]Permission

// Allow tells whether the role has the permission.
func (p Permissions) Allow(role Role, permission Permission) bool {
	return role == Admin || slices.Contains(p[role], permission)
}

// Principal is who sends a request. The zero value is somebody who has not signed in.
type Principal struct {
	UserID    string
	Role      Role
	SessionID string
}

// Anonymous tells whether nobody has signed in.
func (p Principal) Anonymous() bool { return p.UserID == "" }

type callerKey struct{}

// caller is the principal with what their role may do.
type caller struct {
	Principal
	permissions Permissions
	sessions    Sessions
}

// With gives a context of requests by the principal, who may do what everybody may, or everything as an admin.
func With(ctx context.Context, p Principal) context.Context {
	return with(ctx, caller{Principal: p, sessions: Trust{}})
}

func with(ctx context.Context, c caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// Recheck tells whether who sends the request is still who they were when it came in: for what goes on for long. The errors
// are those of Sessions, and ErrUnauthenticated when they have another role by now.
func Recheck(ctx context.Context) error {
	c, known := ctx.Value(callerKey{}).(caller)
	if !known {
		return nil
	}
	now, err := c.sessions.Current(ctx, c.Principal)
	if err == nil && now.Role != c.Role {
		err = Invalid("the role has changed")
	}
	return err
}

// PrincipalOf is who sends the request that ctx belongs to: the zero Principal in an operation that is Public, and outside
// of requests.
func PrincipalOf(ctx context.Context) Principal {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c.Principal
}

// May tells whether who sends the request has the permission: for services that show more to some than to others.
func May(ctx context.Context, permission Permission) bool {
	c, _ := ctx.Value(callerKey{}).(caller)
	return !c.Anonymous() && c.permissions.Allow(c.Role, permission)
}

// The problems of who may not do what they ask for.
var (
	ErrUnauthenticated = problem.Define(http.StatusUnauthorized, "unauthenticated", "You have to sign in",
		"The operation needs an access token in the Authorization header, as Bearer and the token. It is missing, was not "+
			"issued by this service, has expired, or its session has ended. Refresh it, or sign in again.")
	ErrForbidden = problem.Define(http.StatusForbidden, "forbidden", "You may not do this",
		"Your role does not have the permission that the operation needs. The documentation names it.")
)

// Policy says who may call an operation. The zero value says nothing, and no operation is served with it.
type Policy struct {
	kind       string
	permission Permission
}

// The policies without a permission.
var (
	Public        = Policy{kind: "public"}
	Authenticated = Policy{kind: "authenticated"}
)

// Can lets those in whose role has the permission.
func Can(permission Permission) Policy { return Policy{kind: "permission", permission: permission} }

// Declared tells whether the policy says anything.
func (p Policy) Declared() bool {
	return p.kind != "" && (p.kind != "permission" || p.permission != "")
}

// Open tells whether anybody may come in.
func (p Policy) Open() bool { return p == Public }

// Permission is the one that is needed, "" when none is.
func (p Policy) Permission() Permission { return p.permission }

// String is public, authenticated, or the permission.
func (p Policy) String() string {
	if p.permission != "" {
		return string(p.permission)
	}
	return p.kind
}
