package module_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
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

func TestModulesStartInTheOrderOfTheListUntilOneFails(t *testing.T) {
	var began []string
	start := func(name string, err error) module.Module {
		return module.Module{Name: name, Start: func(context.Context) error { began = append(began, name); return err }}
	}
	boom := errors.New("boom")
	require.NoError(t, module.Start(t.Context(), []module.Module{start("a", nil), {Name: "b"}, start("c", nil)}))
	assert.Equal(t, []string{"a", "c"}, began)
	err := module.Start(t.Context(), []module.Module{start("d", boom), start("e", nil)})
	require.ErrorIs(t, err, boom)
	require.ErrorContains(t, err, "module d")
	assert.Equal(t, []string{"a", "c", "d"}, began)
}
