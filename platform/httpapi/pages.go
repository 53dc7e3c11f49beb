package httpapi

import (
	"bytes"
	"html/template"
	"io/fs"
	"net/http"

	"github.com/gin-gonic/gin"
)

// Page serves a page of a module at a path such as /dashboard: index.html of the folder, a template without data that
// names the other files of it by {{asset "name"}}, so that browsers may keep them until they change. Its scripts and
// styles are files of that folder: the content security policy lets nothing else run, and nothing be asked but this
// server. Everybody may read the page, so it shows nothing until its script has signed in. It panics on a folder that is
// no page: the program is wrong.
func (a *API) Page(path string, folder fs.ReadDirFS) {
	files := map[string]asset{}
	collect(files, folder, ".")
	address := func(name string) string { return path + "/assets/" + name + "?v=" + files[name].version }
	page := template.Must(template.New("index.html").Funcs(template.FuncMap{"asset": address}).ParseFS(folder, "index.html"))
	var content bytes.Buffer
	if err := page.Execute(&content, nil); err != nil {
		panic("httpapi: the page " + path + ": " + err.Error())
	}
	a.engine.GET(path, func(c *gin.Context) {
		c.Header("Content-Security-Policy", pagePolicy)
		c.Header("Cache-Control", "no-cache")
		c.Data(http.StatusOK, "text/html; charset=utf-8", content.Bytes())
	})
	a.engine.GET(path+"/assets/:name", func(c *gin.Context) { serveFile(c, files) })
}
