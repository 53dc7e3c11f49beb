package module_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/module"
)

func TestModulesThatShareTransactionsMustShareADatabase(t *testing.T) {
	stock := module.Module{Name: "inventory", Database: "primary"}
	order := module.Module{Name: "order", Database: "primary", Joins: []string{"inventory"}}
	require.NoError(t, module.Check([]module.Module{order, stock}))

	order.Database = "other"
	require.EqualError(t, module.Check([]module.Module{order, stock}), "modules.order.database is other and "+
		"modules.inventory.database is primary: they share transactions, so both must name the same one")
}

func TestAModuleCannotJoinOneThatIsNotThere(t *testing.T) {
	order := module.Module{Name: "order", Joins: []string{"stock"}}
	require.EqualError(t, module.Check([]module.Module{order}), "the module order joins stock, which is not among the modules")
}
