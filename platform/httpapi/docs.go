package httpapi

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/mvrilo/go-redoc"
	swaggerui "github.com/swaggest/swgui/v5/static"
)

// The pages are ours; the scripts that draw them come from Go modules, so that they work without a network.
//
//go:embed docs
var docsFiles embed.FS

var docsPages = template.Must(template.New("").Funcs(template.FuncMap{"asset": assetURL}).ParseFS(docsFiles, "docs/*.html"))

// pagePolicy lets our pages run the program's scripts, call this server, and nothing else.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// What the two UIs need besides. Swagger UI writes one style element, which is named by its hash; the browser test tells
// when a newer one has another. ReDoc makes an empty style element, adds rules to it by script, and
// searches in a worker that it makes from a blob.
var (
	swaggerPolicy = allowing("style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='")
	redocPolicy   = allowing("style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; worker-src blob:")
)

func allowing(styles string) string {
	return strings.Replace(pagePolicy, "style-src 'self'", styles, 1)
}

// routeDocs serves Swagger UI, ReDoc and the OpenAPI documents that they draw.
func (a *API) routeDocs() {
	a.engine.GET("/", func(c *gin.Context) { c.Redirect(http.StatusFound, "/docs") })
	a.engine.GET("/docs", func(c *gin.Context) { a.servePage(c, "swagger.html", swaggerPolicy, a.docsLinks(c)) })
	a.engine.GET("/redoc", func(c *gin.Context) { a.servePage(c, "redoc.html", redocPolicy, a.docsLinks(c)) })
	a.engine.GET("/docs/assets/:name", serveAsset)
	for _, group := range a.groups {
		name := "/openapi/" + group.version.String()
		a.engine.GET(name+".json", gin.WrapF(group.serveDocument("application/json",
			func(d documents) []byte { return d.json })))
		a.engine.GET(name+".yaml", gin.WrapF(group.serveDocument("application/yaml",
			func(d documents) []byte { return d.yaml })))
	}
}

type docsLink struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

type docsData struct {
	Versions []docsLink
	Chosen   docsLink
}

// JSON is the links as the script reads them from an attribute.
func (d docsData) JSON() (string, error) {
	text, err := json.Marshal(d.Versions)
	return string(text), err
}

// docsLinks are the documents to choose from, and the one that ?version= or the default chooses.
func (a *API) docsLinks(c *gin.Context) docsData {
	var data docsData
	wanted := cmp.Or(c.Query("version"), Version{Number: DefaultVersion}.String())
	for _, group := range a.groups {
		link := docsLink{Name: group.version.String(), URL: "/openapi/" + group.version.String() + ".json"}
		data.Versions = append(data.Versions, link)
		if link.Name == wanted {
			data.Chosen = link
		}
	}
	if data.Chosen.Name == "" {
		data.Chosen = data.Versions[len(data.Versions)-1]
	}
	return data
}

func (a *API) servePage(c *gin.Context, name, policy string, data any) {
	var page bytes.Buffer
	if err := docsPages.ExecuteTemplate(&page, name, data); err != nil {
		writeProblem(c.Writer, c.Request, err)
		return
	}
	c.Header("Content-Security-Policy", policy)
	c.Header("Cache-Control", "no-cache")
	c.Data(http.StatusOK, "text/html; charset=utf-8", page.Bytes())
}

// asset is a file that the pages load, compressed once.
type asset struct {
	gzipped []byte
	version string
}

// assets are the files under /docs/assets/ by name.
var assets = sync.OnceValue(func() map[string]asset {
	all := map[string]asset{"redoc.standalone.js": compress([]byte(redoc.JavaScript))}
	collect(all, swaggerui.FS, ".")
	collect(all, docsFiles, "docs")
	return all
})

func collect(all map[string]asset, files fs.ReadDirFS, folder string) {
	entries, err := files.ReadDir(folder)
	if err != nil {
		panic("httpapi: read the embedded documentation: " + err.Error())
	}
	for _, entry := range entries {
		content, err := fs.ReadFile(files, path.Join(folder, entry.Name()))
		if err != nil {
			panic("httpapi: read the embedded documentation: " + err.Error())
		}
		if name, compressed := strings.CutSuffix(entry.Name(), ".gz"); compressed {
			all[name] = newAsset(content)
		} else if path.Ext(name) != ".html" {
			all[name] = compress(content)
		}
	}
}

func compress(content []byte) asset {
	var gzipped bytes.Buffer
	writer := gzip.NewWriter(&gzipped)
	_, _ = writer.Write(content)
	_ = writer.Close()
	return newAsset(gzipped.Bytes())
}

func newAsset(gzipped []byte) asset {
	sum := sha256.Sum256(gzipped)
	return asset{gzipped: gzipped, version: hex.EncodeToString(sum[:6])}
}

// assetURL is where an asset is served. It changes with the content, so that browsers may keep it for ever.
func assetURL(name string) string { return "/docs/assets/" + name + "?v=" + assets()[name].version }

func serveAsset(c *gin.Context) { serveFile(c, assets()) }

// serveFile answers with one of these files, the one that the path names.
func serveFile(c *gin.Context, files map[string]asset) {
	name := c.Param("name")
	file, ok := files[name]
	if !ok {
		writeProblem(c.Writer, c.Request, errNoRoute(c.Request))
		return
	}
	c.Header("Content-Type", mime.TypeByExtension(path.Ext(name)))
	c.Writer.Header().Add("Vary", "Accept-Encoding")
	c.Header("Cache-Control", "no-cache")
	if c.Query("v") == file.version { // or another version of the program has made the page
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
	}
	if strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") {
		c.Header("Content-Encoding", "gzip")
		_, _ = c.Writer.Write(file.gzipped)
		return
	}
	plain, err := gzip.NewReader(bytes.NewReader(file.gzipped))
	if err != nil {
		writeProblem(c.Writer, c.Request, err)
		return
	}
	_, _ = io.Copy(c.Writer, plain) //nolint:gosec // what is unpacked is part of the program
}
