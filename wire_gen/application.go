package wiregen

import (
	"io/fs"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform"
	"github.com/trellis-go/trellis/platform/app"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/migrate"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/tasks"
)

// Application is what the commands use of the graph.
type Application struct {
	App       *app.App            // serves until it is told to stop
	Worker    *platform.WorkerApp // carries out what waits in the background until it is told to stop
	Tasks     *tasks.Tasks
	API       *httpapi.API      // answers requests
	Server    *httpapi.Server   // where it listens
	Databases *database.Manager // started by App
	Migrator  *migrate.Migrator
	Broker    broker.Broker // started by App
	Modules   []module.Module
	Domains   Modules // by name, for the commands that are about one
}

func migrationFiles() fs.FS { return migrations.Files }
