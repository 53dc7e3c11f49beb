package boundaries

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/test/testkit"
	"github.com/trellis-go/trellis/test/testkit/graph"
	wiregen "github.com/trellis-go/trellis/wire_gen"
)

// matrix says of every operation who may call it, beside admins: the review of who may do what. An operation without a
// line fails the test.
var matrix = map[string]string{
	"register": "anybody", "login": "anybody", "refresh": "anybody",
	"logout": "customer staff", "logout-all": "customer staff", "get-me": "customer staff", "change-password": "customer staff",
	"begin-second-factor": "customer staff", "confirm-second-factor": "customer staff", "remove-second-factor": "customer staff",
	"list-tasks": "customer staff", "get-task": "customer staff", "cancel-task": "customer staff", "watch-task": "customer staff",
	"list-dead-letters": "", "get-dead-letter": "", "retry-dead-letter": "", "discard-dead-letter": "",
	"list-users": "staff", "get-user": "staff", "patch-user": "",
	"list-products": "anybody", "get-product": "anybody", "get-product-by-sku": "anybody", "export-products": "anybody",
	"list-categories": "anybody", "get-category": "anybody",
	"create-product": "staff", "replace-product": "staff", "patch-product": "staff", "delete-product": "staff",
	"get-availability": "anybody", "list-stock": "staff", "adjust-stock": "staff", "list-stock-entries": "staff",
	"list-reservations": "staff",
	"place-order":       "customer staff", "list-orders": "customer staff", "get-order": "customer staff",
	"list-order-history": "customer staff", "pay-order": "customer staff", "cancel-order": "customer staff", "ship-order": "staff",
	"report-sales": "staff", "report-top-products": "staff", "report-conversion": "staff", "report-baskets": "staff",
	"export-sales": "staff", "export-top-products": "staff", "export-conversion": "staff", "export-baskets": "staff",
	"list-webhooks": "staff", "create-webhook": "staff", "get-webhook": "staff", "patch-webhook": "staff", "delete-webhook": "staff",
	"rotate-webhook-secret": "staff", "ping-webhook": "staff", "list-webhook-deliveries": "staff", "get-webhook-delivery": "staff",
	"replay-webhook-delivery": "staff",
	"import-products":         "staff", "create-category": "staff", "replace-category": "staff", "delete-category": "staff",
}

// documented are the operations of the OpenAPI document, by id.
func documented(t *testing.T, a *wiregen.Application, version int) map[string]string {
	t.Helper()
	raw, err := a.API.V(version).OpenAPI()
	require.NoError(t, err)
	var document struct {
		Paths map[string]map[string]struct {
			ID     string `json:"operationId"`
			Policy string `json:"x-policy"`
		} `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(raw, &document))
	policies := map[string]string{}
	for _, operations := range document.Paths {
		for _, operation := range operations {
			policies[operation.ID] = operation.Policy
		}
	}
	return policies
}

// TestEveryOperationIsOpenToWhomTheMatrixSays asks the gate for every operation of the documents as everybody, with the
// table of permissions of the application.
func TestEveryOperationIsOpenToWhomTheMatrixSays(t *testing.T) {
	a := graph.New(t)
	seen := map[string]bool{}
	for _, version := range httpapi.Versions {
		policies := documented(t, a, version.Number)
		for _, one := range a.API.Operations() {
			if one.Version.Number != version.Number {
				continue
			}
			assert.Equal(t, one.Policy.String(), policies[one.ID], one.ID)
			line, listed := matrix[one.ID]
			assert.True(t, listed, "%s (%s) has no line in the matrix", one.ID, one.Policy)
			seen[one.ID] = true
			for _, role := range append([]auth.Role{""}, auth.Roles...) {
				allowed := line == "anybody" || role == auth.Admin || role != "" && strings.Contains(line, string(role))
				assert.Equal(t, allowed, entered(t, one.Policy, role), "%s as %q", one.ID, role)
			}
			delete(policies, one.ID)
		}
		assert.Empty(t, policies, "what the document has and nobody serves")
	}
	for id := range matrix {
		assert.True(t, seen[id], "the matrix has a line for %s, which is not served", id)
	}
}

// entered tells whether somebody with that role gets past the gate.
func entered(t *testing.T, policy auth.Policy, role auth.Role) bool {
	t.Helper()
	var header []string
	if role != "" {
		token, err := testkit.Tokens(t).Issue(auth.Principal{UserID: "u", Role: role, SessionID: "s"})
		require.NoError(t, err)
		header = append(header, "Bearer "+token)
	}
	_, err := testkit.Gate(t, wiregen.Permissions()).Enter(t.Context(), policy, header)
	return err == nil
}

// TestAnonymousIsRefusedOverHTTP goes through the whole application: whoever has not signed in gets a 401 with a challenge
// from every operation that is not public, before anything is read.
func TestAnonymousIsRefusedOverHTTP(t *testing.T) {
	a := graph.New(t)
	for _, one := range a.API.Operations() {
		if one.Policy.Open() {
			continue
		}
		path := regexp.MustCompile(`\{\w+\}`).ReplaceAllString(one.Path, "1")
		answer := testkit.Through(t, a.API).Do(one.Method, path, "")
		assert.Equal(t, http.StatusUnauthorized, answer.Status, "%s %s", one.Method, path)
		assert.Contains(t, answer.Header.Get("WWW-Authenticate"), "Bearer")
	}
}

// TestEveryPermissionIsUsed finds rows of the table that grant nothing.
func TestEveryPermissionIsUsed(t *testing.T) {
	used := map[auth.Permission]bool{}
	for _, one := range graph.New(t).API.Operations() {
		used[one.Policy.Permission()], used[one.Others] = true, true
	}
	for role, granted := range wiregen.Permissions() {
		for _, permission := range granted {
			assert.True(t, used[permission], "%s has the permission %s, which no operation asks for", role, permission)
		}
	}
}
