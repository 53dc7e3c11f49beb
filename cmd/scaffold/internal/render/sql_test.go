package render_test

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/render"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec/spectest"
	"github.com/trellis-go/trellis/platform/migrate/lint"
	"github.com/trellis-go/trellis/platform/migrate/sqlfile"
)

func TestWhateverModuleThereIsItsMigrationsHaveNoFindings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := spectest.Module().Draw(t, "m")
		next := m
		next.Name, next.Plural = "other_noun", ""
		steps := []func(engine string) string{func(engine string) string { return render.CreateTable(engine, m) }}
		for _, f := range m.Fields {
			f.Name, f.Optional = f.Name+"_too", true
			f.Index = !f.Unique && f.Type != spec.Text
			steps = append(steps, func(engine string) string { return render.AddField(engine, m, f) })
		}
		steps = append(steps,
			func(engine string) string { return render.RenameTable(engine, m, next) },
			func(engine string) string { return render.DropTable(engine, next) })
		files := fstest.MapFS{}
		for i, step := range steps {
			for _, engine := range sqlfile.Transactional {
				files[fmt.Sprintf("%s/202611240000%02d_x.sql", engine, i)] = &fstest.MapFile{Data: []byte(step(engine))}
			}
		}
		found, err := lint.Check(files, sqlfile.Transactional)
		require.NoError(t, err)
		assert.Empty(t, found)
	})
}
