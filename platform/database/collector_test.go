package database_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestTheCollectorShowsEachPool(t *testing.T) {
	m := testkit.Start(t, database.Configs{"primary": testkit.EmptySQLite(t)})
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(database.NewCollector(m)))
	families, err := registry.Gather()
	require.NoError(t, err)
	require.Len(t, families, 5)
	for _, family := range families {
		assert.Len(t, family.GetMetric(), 2, "%s of reader and writer", family.GetName())
	}
	assert.Equal(t, "trellis_database_connections_idle", families[0].GetName())
}
