package catalog_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/modules/catalog"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/test/testkit"
)

func makeCategory(t *testing.T, client testkit.Client, name string) map[string]any {
	t.Helper()
	return client.Do("POST", "/api/v1/categories", `{"name":"`+name+`"}`).Must(http.StatusCreated).JSON()
}

func categoryPath(category map[string]any) string {
	return "/api/v1/categories/" + category["id"].(string)
}

func TestACategoryIsCreatedReadAndRenamed(t *testing.T) {
	client := serve(t)
	made := client.Do("POST", "/api/v2/categories", `{"name":" Tea "}`).Must(http.StatusCreated)
	category := made.JSON()
	assert.Equal(t, "Tea", category["name"])
	assert.Equal(t, "/api/v2/categories/"+category["id"].(string), made.Header.Get("Location"))

	read := client.Get(categoryPath(category)).Must(200)
	assert.Equal(t, category, read.JSON())
	client.Get(categoryPath(category), "If-None-Match", read.Header.Get("ETag")).Must(http.StatusNotModified)

	renamed := client.Do("PUT", categoryPath(category), `{"name":"Herbal tea"}`, "If-Match", `"1"`).Must(200)
	assert.Equal(t, "Herbal tea", renamed.JSON()["name"])
	assert.Equal(t, `"2"`, renamed.Header.Get("ETag"))
}

func TestProductsShowTheNewNameOfTheirCategory(t *testing.T) {
	client := serve(t)
	product := create(t, client, tea("TEA-1", `"categories":["Tea"]`))
	category := client.Get("/api/v1/categories").JSON()["items"].([]any)[0].(map[string]any)
	client.Do("PUT", categoryPath(category), `{"name":"Herbal"}`, "If-Match", `"1"`).Must(200)
	assert.Equal(t, []any{"Herbal"}, client.Get(path(product)).JSON()["categories"])
}

func TestCategoriesAreListedByName(t *testing.T) {
	client := serve(t)
	for _, name := range []string{"b", "C", "a"} {
		makeCategory(t, client, name)
	}
	var names []any
	page := client.Get("/api/v1/categories?limit=2").Must(200).JSON()
	rest := client.Get("/api/v1/categories?limit=2&cursor=" + page["next_cursor"].(string)).Must(200).JSON()
	for _, item := range append(page["items"].([]any), rest["items"].([]any)...) {
		names = append(names, item.(map[string]any)["name"])
	}
	assert.Equal(t, []any{"a", "b", "C"}, names)
	assert.NotContains(t, rest, "next_cursor")
	client.Get("/api/v1/categories?cursor=x").Must(400)
}

func TestCategoryNamesAreUniqueWithoutRegardToCase(t *testing.T) {
	client := serve(t)
	makeCategory(t, client, "Straße")
	assert.Equal(t, "category_name_taken", client.Do("POST", "/api/v1/categories", `{"name":"STRASSE"}`).Must(409).Problem().Code)
	other := makeCategory(t, client, "Other")
	client.Do("PUT", categoryPath(other), `{"name":"strasse"}`, "If-Match", `"1"`).Must(409)
}

func TestACategoryWithProductsStays(t *testing.T) {
	client := serve(t)
	product := create(t, client, tea("TEA-1", `"categories":["Tea"]`))
	category := client.Get("/api/v1/categories").JSON()["items"].([]any)[0].(map[string]any)
	assert.Equal(t, "category_in_use", client.Do("DELETE", categoryPath(category), "", "If-Match", `"1"`).Must(409).Problem().Code)

	client.Do("DELETE", path(product), "", "If-Match", `"1"`).Must(204)
	client.Do("DELETE", categoryPath(category), "", "If-Match", `"1"`).Must(204)
	client.Get(categoryPath(category)).Must(404)
}

func TestBadCategoryRequestsAreRefused(t *testing.T) {
	client := serve(t)
	category := makeCategory(t, client, "Tea")
	client.Do("POST", "/api/v1/categories", `{"name":"  "}`).Must(422)
	client.Do("POST", "/api/v1/categories", `{}`).Must(422)
	for _, method := range []string{"PUT", "DELETE"} {
		body := map[string]string{"PUT": `{"name":"X"}`}[method]
		client.Do(method, categoryPath(category), body).Must(428)
		client.Do(method, categoryPath(category), body, "If-Match", `"9"`).Must(412)
		client.Do(method, "/api/v1/categories/none", body, "If-Match", `"1"`).Must(404)
	}
}

func TestACategoryIsMadeOnceForAKey(t *testing.T) {
	client := serve(t)
	first := client.Do("POST", "/api/v2/categories", `{"name":"Tea"}`, "Idempotency-Key", "k").Must(201)
	assert.Equal(t, first.Body, client.Do("POST", "/api/v2/categories", `{"name":"Tea"}`, "Idempotency-Key", "k").Must(201).Body)
	client.Do("POST", "/api/v2/categories", `{"name":"Tea"}`).Must(409)
}

func TestTheServiceRefusesABlankCategory(t *testing.T) {
	service := newService(t, testkit.Database(t))
	_, err := service.CreateCategory(t.Context(), "\t")
	require.ErrorIs(t, err, problem.Invalid)
	made, err := service.CreateCategory(t.Context(), "Tea")
	require.NoError(t, err)
	_, err = service.RenameCategory(t.Context(), made.ID, anyVersion, " ")
	require.ErrorIs(t, err, problem.Invalid)
	_, err = service.Category(t.Context(), "x")
	require.ErrorIs(t, err, catalog.ErrCategoryNotFound)
}

func TestARenamedCategoryChangesTheVersionOfItsProducts(t *testing.T) {
	client := serve(t)
	product := create(t, client, tea("TEA-1", `"categories":["Tea"]`))
	category := client.Get("/api/v1/categories").JSON()["items"].([]any)[0].(map[string]any)
	client.Do("PUT", categoryPath(category), `{"name":"Herbal"}`, "If-Match", `"1"`).Must(200)
	client.Get(path(product), "If-None-Match", `"1"`).Must(200)
	client.Do("PUT", path(product), tea("TEA-1"), "If-Match", `"1"`).Must(412)
}

func TestProductsAreMadeWhileTheirCategoryIsDeleted(t *testing.T) {
	testkit.Shows(t, testkit.Repositories)
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		service := newService(t, m)
		var all sync.WaitGroup
		for worker := range 4 {
			all.Go(func() {
				for i := range 25 {
					product, err := service.CreateProduct(t.Context(), draft(fmt.Sprintf("P-%d-%d", worker, i), "Racy"))
					if !assert.NoError(t, err) {
						return
					}
					always := func(int64) error { return nil }
					assert.NoError(t, service.DeleteProduct(t.Context(), product.ID, always))
					_ = service.DeleteCategory(t.Context(), product.Categories[0].ID, always) // in use, or gone: both are well
				}
			})
		}
		all.Wait()
	})
}

// TestACategoryKeepsItsNameWhileProductsAreBeingPutIntoIt renames a category between the moment in which an import has found it
// and the one in which it stores its products.
func TestACategoryKeepsItsNameWhileProductsAreBeingPutIntoIt(t *testing.T) {
	m := testkit.MigratedOn(t, testkit.EmptyMySQL(t), migrations.Files)
	other := newService(t, m)
	seed, err := other.CreateProduct(t.Context(), draft("SEED", "Tea"))
	require.NoError(t, err)
	rename := func(ctx context.Context) error {
		_, err := other.RenameCategory(ctx, seed.Categories[0].ID, anyVersion, "Herbal")
		return err
	}
	found := false
	service := newServiceAt(t, m, func() time.Time {
		if found {
			found = false
			short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			assert.ErrorIs(t, rename(short), context.DeadlineExceeded, "it has to wait")
		}
		return clock.System()
	})
	found = true // when the time is asked for next, it is for a product whose categories were found
	_, err = service.Import(t.Context(), strings.NewReader(header+"NEW,New,1,EUR,,Tea,\n"), catalog.ImportOptions{})
	require.NoError(t, err)
	require.NoError(t, rename(t.Context()))
	made, err := service.ProductBySKU(t.Context(), "NEW")
	require.NoError(t, err)
	assert.Equal(t, "Herbal", made.Categories[0].Name)
	assert.Equal(t, int64(2), made.Version, "whoever has read it knows that it has changed")
}

func TestACategoryThatAProductHasJustComeIntoStays(t *testing.T) {
	databases := testkit.Database(t)
	service := newService(t, databases)
	product, err := service.CreateProduct(t.Context(), draft("TEA-1", "Tea"))
	require.NoError(t, err)
	empty, err := service.CreateCategory(t.Context(), "Empty")
	require.NoError(t, err)
	db, err := databases.DB(testkit.Name)
	require.NoError(t, err)
	late := func(tx *gorm.DB) { // as on Oracle, where nobody waits for the category
		if tx.Statement.Table == "catalog_categories" {
			tx.AddError(tx.Session(&gorm.Session{NewDB: true}).Exec(
				"INSERT INTO catalog_product_categories (product_id, category_id) VALUES (?, ?)", product.ID, empty.ID).Error)
		}
	}
	require.NoError(t, db.Writer(t.Context()).Callback().Delete().Before("gorm:delete").Register("late", late))
	require.ErrorIs(t, service.DeleteCategory(t.Context(), empty.ID, anyVersion), catalog.ErrCategoryInUse)
}

func TestAProductDoesNotLoseACategoryThatIsDeletedWhileItIsMade(t *testing.T) {
	databases := testkit.Database(t)
	service := newService(t, databases)
	db, err := databases.DB(testkit.Name)
	require.NoError(t, err)
	gone := false
	meanwhile := func(tx *gorm.DB) { // as on Oracle, where a category that another has just made is passed over and not locked
		if tx.Statement.Table == "catalog_categories" && !gone {
			gone = true
			tx.AddError(tx.Session(&gorm.Session{NewDB: true}).Exec("DELETE FROM catalog_categories").Error)
		}
	}
	require.NoError(t, db.Writer(t.Context()).Callback().Create().After("gorm:create").Register("meanwhile", meanwhile))
	made, err := service.CreateProduct(t.Context(), draft("TEA-1", "Tea"))
	require.NoError(t, err)
	assert.True(t, gone)
	stored, err := service.Product(t.Context(), made.ID)
	require.NoError(t, err)
	require.Len(t, stored.Categories, 1)
	assert.Equal(t, "Tea", stored.Categories[0].Name)
}

func TestACategoryWithMoreProductsThanABatchIsRenamedInAll(t *testing.T) {
	service, sent := observed(t)
	_, err := service.Import(t.Context(), strings.NewReader(strings.ReplaceAll(manyRows(501), ",,,\n", ",,Tea,\n")), catalog.ImportOptions{})
	require.NoError(t, err)
	one, err := service.ProductBySKU(t.Context(), "SKU-1")
	require.NoError(t, err)
	before := len(sent())
	_, err = service.RenameCategory(t.Context(), one.Categories[0].ID, anyVersion, "Herbal")
	require.NoError(t, err)
	told := map[string]bool{}
	for _, event := range sent()[before:] {
		told[event.Subject] = true
	}
	assert.Len(t, told, 501)
}
