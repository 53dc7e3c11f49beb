package catalog_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/catalog"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/tasks"
	"github.com/trellis-go/trellis/test/testkit"
)

const patience = 20 * time.Second

// office is the catalog with its tasks, which wait until it works.
type office struct {
	testkit.Client
	tasks   *tasks.Tasks
	module  module.Module
	service *catalog.Service
	db      *database.DB
}

func newOffice(t *testing.T, m *database.Manager, now clock.Clock) *office {
	t.Helper()
	repo, err := catalog.NewRepository(settings, m)
	require.NoError(t, err)
	background := newTasks(t, m)
	service := catalog.NewService(repo, testkit.Cache(t, nil), outbox.New(now), background, now)
	shop := catalog.New(catalog.NewHandler(settings, service, testkit.Keys(t))).Module
	return &office{testkit.Serve(t, shop, module.Module{Routes: background.Routes}), background, shop, service, repo.DB}
}

// work carries out what waits, until the test ends.
func (o *office) work(t *testing.T) (end func()) {
	t.Helper()
	w, err := tasks.NewWorker(o.tasks, prometheus.NewRegistry(), o.module.Tasks, o.module.Schedules)
	require.NoError(t, err)
	var running sync.WaitGroup
	running.Go(func() { assert.NoError(t, w.Run(context.Background())) })
	end = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		assert.NoError(t, w.Drain(ctx))
		running.Wait()
	})
	t.Cleanup(end)
	return end
}

func (o *office) later(query, body string) testkit.Answer {
	return o.Do("POST", "/api/v1/products/import"+query, body, "Content-Type", "text/csv", "Prefer", "respond-async, wait=10")
}

// ended waits until the task of an answer is finished.
func (o *office) ended(t *testing.T, accepted testkit.Answer, state tasks.State) testkit.Answer {
	t.Helper()
	var last testkit.Answer
	require.Eventually(t, func() bool {
		last = o.Get(accepted.Header.Get("Location")).Must(200)
		return tasks.State(last.JSON()["state"].(string)).Finished()
	}, patience, 2*time.Millisecond)
	require.Equal(t, string(state), last.JSON()["state"], last.Body)
	return last
}

// interrupted waits until the first attempt has failed.
func (o *office) interrupted(t *testing.T, accepted testkit.Answer) {
	t.Helper()
	require.Eventually(t, func() bool {
		task := o.Get(accepted.Header.Get("Location")).JSON()
		return task["attempt"] == 1.0 && task["state"] == "queued"
	}, patience, 2*time.Millisecond)
}

func (o *office) uploads(t *testing.T) (chunks int64) {
	t.Helper()
	require.NoError(t, o.db.Reader(t.Context()).Table("catalog_upload_chunks").Count(&chunks).Error)
	return chunks
}

func TestAnImportIsCarriedOutInTheBackgroundWhenAsked(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		o := newOffice(t, m, clock.System)
		accepted := o.later("?on_error=skip", header+"A,A,1,EUR,,,\nB,,1,EUR,,,\n").Must(202)
		assert.Equal(t, "respond-async", accepted.Header.Get("Preference-Applied"))
		assert.Equal(t, "/api/v1/tasks/"+accepted.JSON()["id"].(string), accepted.Header.Get("Location"))
		assert.Equal(t, "catalog.import", accepted.JSON()["kind"])
		assert.Empty(t, skus(o.Get("/api/v1/products")))
		o.work(t)
		done := o.ended(t, accepted, tasks.Succeeded)
		assert.Equal(t, map[string]any{"created": 1.0, "updated": 0.0, "failed": 1.0, "errors": []any{map[string]any{
			"line": 3.0, "column": "name", "detail": "must be 1 to 200 characters, not only space",
		}}}, done.JSON()["result"])
		assert.Equal(t, []string{"A"}, skus(o.Get("/api/v1/products")))
		assert.Equal(t, "row 2 of 2", done.JSON()["message"])
		assert.Zero(t, o.uploads(t), "what is imported is not kept")
	})
}

func TestAnImportInTheBackgroundFailsAsItWouldAtOnce(t *testing.T) {
	o := newOffice(t, testkit.Database(t), clock.System)
	body := header + "A,A,1,EUR,,,\nB,B,cheap,EUR,,,\n"
	at := importCSV(o.Client, "", body).Must(422).Problem()
	o.work(t)
	failed := o.ended(t, o.later("", body).Must(202), tasks.Failed).JSON()["problem"].(map[string]any)
	assert.Equal(t, at.Code, failed["code"])
	assert.Equal(t, at.Detail, failed["detail"])
	assert.Equal(t, map[string]any{"in": "body", "line": 3.0, "column": "price_cents", "detail": "must be a whole number of cents"},
		failed["errors"].([]any)[0])
	assert.Empty(t, skus(o.Get("/api/v1/products")))
}

// cut makes every change of a table fail that a condition is true of, until it is mended.
func (o *office) cut(t *testing.T, change, table, condition string) (mend func()) {
	t.Helper()
	body := map[string]string{
		"sqlite": "CREATE TRIGGER cut BEFORE %s ON %s WHEN %s BEGIN SELECT RAISE(ABORT, 'cut'); END",
		"mysql":  "CREATE TRIGGER cut BEFORE %s ON %s FOR EACH ROW IF %s THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'cut'; END IF",
	}[o.db.Driver()]
	require.NoError(t, o.db.Writer(t.Context()).Exec(fmt.Sprintf(body, change, table, condition)).Error)
	return func() { require.NoError(t, o.db.Writer(t.Context()).Exec("DROP TRIGGER cut").Error) }
}

func manyRows(rows int) string {
	var file strings.Builder
	file.WriteString(header)
	for i := range rows {
		fmt.Fprintf(&file, "SKU-%d,A,1,EUR,,,\n", i)
	}
	return file.String()
}

func TestAnImportThatSkipsErrorsGoesOnWhereItWasInterrupted(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		o := newOffice(t, m, clock.System)
		mend := o.cut(t, "INSERT", "catalog_products", "NEW.sku = 'SKU-700'")
		accepted := o.later("?on_error=skip", manyRows(1234)+"B,,1,EUR,,,\n").Must(202)
		o.work(t)
		o.interrupted(t, accepted)
		mend()
		report := o.ended(t, accepted, tasks.Succeeded).JSON()["result"].(map[string]any)
		assert.InDelta(t, 1234, report["created"], 0, "those of the first attempt are not met again as duplicates")
		assert.InDelta(t, 1, report["failed"], 0)
	})
}

func TestAnImportThatIsInterruptedAfterItsCommitIsNotDoneAgain(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		const rows = 10
		o := newOffice(t, m, clock.System)
		for i, mode := range []string{"skip", "abort"} {
			mend := o.cut(t, "DELETE", "catalog_upload_chunks", "OLD.seq = 0")
			accepted := o.later("?on_duplicate=update&on_error="+mode, manyRows(rows)).Must(202)
			end := o.work(t)
			o.interrupted(t, accepted)
			mend()
			o.ended(t, accepted, tasks.Succeeded)
			end()
			products := o.Get("/api/v1/products?limit=200").JSON()["items"].([]any)
			require.Len(t, products, rows)
			for _, product := range products {
				assert.InDelta(t, i+1, product.(map[string]any)["version"], 0, mode)
			}
		}
	})
}

func TestFilesThatWereNotImportedAreForgotten(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		o := newOffice(t, m, clock.System)
		waiting := o.later("", manyRows(1)).Must(202)
		refused := o.later("", header+"A,A,cheap,EUR,,,\n").Must(202)
		forget := func(before time.Time) int {
			gone, err := o.service.ForgetUploads(t.Context(), before)
			require.NoError(t, err)
			return gone
		}
		later := clock.System().Add(time.Minute)
		assert.Zero(t, forget(later), "they are still to be imported, however old they are")
		require.EqualValues(t, 2, o.uploads(t))
		o.work(t)
		o.ended(t, waiting, tasks.Succeeded)
		o.ended(t, refused, tasks.Failed)
		require.EqualValues(t, 1, o.uploads(t), "somebody may want to look at it")
		assert.Zero(t, forget(clock.System().Add(-time.Minute)), "it is too new")
		assert.Equal(t, 1, forget(later))
		assert.Zero(t, o.uploads(t))
	})
}

func TestAnUploadThatBreaksOffLeavesNothingBehind(t *testing.T) {
	o := newOffice(t, testkit.Database(t), clock.System)
	body := io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<20)), iotest.ErrReader(errStale))
	_, err := o.service.ImportLater(t.Context(), body, catalog.ImportOptions{})
	require.ErrorIs(t, err, errStale)
	assert.Zero(t, o.uploads(t))
}

func TestAFileOfManyChunksIsImportedWhole(t *testing.T) {
	o := newOffice(t, testkit.Database(t), clock.System)
	file := header + "A,A,1,EUR,,," + strings.Repeat("long ", 100) + "\n" + strings.Repeat("B B,B,1,EUR,,,"+strings.Repeat("x", 1000)+"\n", 1500) + "Z,Z,1,EUR,,,\n"
	task, err := o.service.ImportLater(t.Context(), strings.NewReader(file), catalog.ImportOptions{SkipErrors: true})
	require.NoError(t, err)
	require.EqualValues(t, 3, o.uploads(t))
	o.work(t)
	require.Eventually(t, func() bool {
		task, err = o.tasks.ByID(t.Context(), task.ID)
		return assert.NoError(t, err) && task.State.Finished()
	}, patience, 2*time.Millisecond)
	assert.ElementsMatch(t, []string{"A", "Z"}, skus(o.Get("/api/v1/products")))
}
