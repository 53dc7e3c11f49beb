package analytics

import (
	"embed"
	"io/fs"
)

//go:embed dashboard
var dashboardFiles embed.FS

// dashboard is the folder of the page that draws the reports.
func dashboard() fs.ReadDirFS {
	folder, err := fs.Sub(dashboardFiles, "dashboard")
	if err != nil {
		panic("analytics: " + err.Error()) // the folder is part of the program
	}
	return folder.(fs.ReadDirFS) //nolint:forcetypeassert // what Sub gives of an embed.FS can do it
}
