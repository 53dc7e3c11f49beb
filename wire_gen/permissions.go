package wiregen

import (
	"github.com/trellis-go/trellis/modules/analytics"
	"github.com/trellis-go/trellis/modules/catalog"
	"github.com/trellis-go/trellis/modules/identity"
	"github.com/trellis-go/trellis/modules/inventory"
	"github.com/trellis-go/trellis/modules/order"
	"github.com/trellis-go/trellis/modules/webhook"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/tasks"
)

// Permissions is the table of what each role may do, beside what everybody may who has signed in. Admins may do everything.
func Permissions() auth.Permissions {
	return auth.Permissions{
		auth.Staff: {analytics.Read, catalog.Write, identity.Read, inventory.Read, inventory.Write, order.Manage, tasks.Manage, webhook.Manage},
	}
}
