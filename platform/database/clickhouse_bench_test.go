package database_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

func benchmarkWarehouse(b *testing.B) *database.ClickHouse {
	b.Helper()
	ch, err := testkit.Start(b, database.Configs{"warehouse": testkit.EmptyClickHouse(b)}).ClickHouse("warehouse")
	require.NoError(b, err)
	require.NoError(b, ch.Exec(b.Context(), sales, nil))
	return ch
}

func BenchmarkInsert(b *testing.B) {
	for _, size := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			ch, rows := benchmarkWarehouse(b), some(size)
			for b.Loop() {
				require.NoError(b, database.Insert(b.Context(), ch, "sales", rows))
			}
			b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkRows(b *testing.B) {
	ch := benchmarkWarehouse(b)
	require.NoError(b, database.Insert(b.Context(), ch, "sales", some(database.MaxBatch)))
	read := 0
	for b.Loop() {
		for _, err := range database.Rows[sale](b.Context(), ch, "SELECT * FROM sales", nil) {
			require.NoError(b, err)
			read++
		}
	}
	b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "rows/s")
}
