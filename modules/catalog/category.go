package catalog

import (
	"net/http"
	"strings"
	"time"

	"github.com/trellis-go/trellis/platform/problem"
)

// The problems of categories.
var (
	ErrCategoryNotFound = problem.Define(http.StatusNotFound, "category_not_found", "The category does not exist",
		"No category has this id.")
	ErrCategoryNameTaken = problem.Define(http.StatusConflict, "category_name_taken", "The name belongs to another category",
		"Category names are unique without regard to case.")
	ErrCategoryInUse = problem.Define(http.StatusConflict, "category_in_use", "The category still has products",
		"Take the products out of the category before you delete it.")
)

// Category is a group of products. A product may be in several.
type Category struct {
	ID         string    `gorm:"size:36;primaryKey"`
	Name       string    `gorm:"size:100;not null"`
	NameFolded string    `gorm:"size:300;not null;uniqueIndex:catalog_categories_name"` // unique, and what lists are sorted by
	Version    int64     `gorm:"not null"`                                              // grows by one with every change
	CreatedAt  time.Time `gorm:"precision:6;not null;autoCreateTime:false"`
	UpdatedAt  time.Time `gorm:"precision:6;not null;autoUpdateTime:false"`
}

// TableName names the table.
func (Category) TableName() string { return "catalog_categories" }

const categoryRule = "names of 1 to 100 characters, not only space and without |"

// validCategory tells whether a category may have the name. CSV lists categories with | between them.
func validCategory(name string) bool {
	return between(name, 1, maxCategory) && !strings.Contains(name, csvListSeparator)
}
