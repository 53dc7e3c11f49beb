package httpapi

import (
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/trellis-go/trellis/platform/log"
	"github.com/trellis-go/trellis/platform/problem"
)

// Version is one version of the API and where it stands in its life.
type Version struct {
	Number     int
	Deprecated time.Time // from when on clients should move to the next one; zero: not deprecated
	Sunset     time.Time // when it will be switched off; zero: not decided
}

// Versions are those that are served, oldest first. A new one is a line here.
var Versions = []Version{
	{Number: 1, Deprecated: date(2026, time.November, 1), Sunset: date(2027, time.November, 1)},
	{Number: 2},
}

// DefaultVersion serves a request to /api/… that names no version.
const DefaultVersion = 2

// HeaderVersion is the request header that chooses a version under /api/…, and the response header that names the one
// that was served.
const HeaderVersion = "API-Version"

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// String is v1, v2, …
func (v Version) String() string { return "v" + strconv.Itoa(v.Number) }

// Prefix is the path under which the version is served.
func (v Version) Prefix() string { return "/api/" + v.String() }

func versionOf(number string) (Version, bool) {
	for _, version := range Versions {
		if strconv.Itoa(version.Number) == number {
			return version, true
		}
	}
	return Version{}, false
}

var (
	pathVersion   = regexp.MustCompile(`^v([0-9]+)(?:/|$)`)
	acceptVersion = regexp.MustCompile(`application/vnd\.trellis\.v([0-9]+)\+json`)
)

// requestedVersion is the number that the request names: in its path after /api/, in API-Version or in Accept; the
// default when nowhere.
func requestedVersion(r *http.Request, rest string) (number string, inPath bool) {
	if named := pathVersion.FindStringSubmatch(rest); named != nil {
		return named[1], true
	}
	if header := strings.TrimSpace(r.Header.Get(HeaderVersion)); header != "" {
		return strings.TrimPrefix(header, "v"), false
	}
	for _, accept := range r.Header.Values("Accept") {
		if named := acceptVersion.FindStringSubmatch(accept); named != nil {
			return named[1], false
		}
	}
	return strconv.Itoa(DefaultVersion), false
}

// detectVersion names the version of every request under /api/, in the answer too, and sends those that choose it by
// header to the versioned path.
func (a *API) detectVersion(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, ok := strings.CutPrefix(r.URL.Path, "/api/")
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		number, inPath := requestedVersion(r, rest)
		version, known := versionOf(number)
		if !known {
			writeProblem(w, r, errUnknownVersion(number))
			return
		}
		version.announce(w.Header(), r, inPath)
		exchangeOf(r.Context()).version = version.String()
		log.Set(r.Context(), slog.String("api_version", version.String()))
		if !inPath {
			r = withVersion(r, version)
		}
		next.ServeHTTP(w, r)
	})
}

// withVersion is the request with its path moved from /api/ to the version's.
func withVersion(r *http.Request, version Version) *http.Request {
	moved, target := *r, *r.URL
	target.Path = version.Prefix() + strings.TrimPrefix(target.Path, "/api")
	if target.RawPath != "" {
		target.RawPath = version.Prefix() + strings.TrimPrefix(target.RawPath, "/api")
	}
	moved.URL = &target
	return &moved
}

// announce names the version in the answer, and says so when its days are counted.
func (v Version) announce(header http.Header, r *http.Request, inPath bool) {
	header.Set(HeaderVersion, strconv.Itoa(v.Number))
	if !inPath {
		header.Add("Vary", HeaderVersion+", Accept")
	}
	if v.Deprecated.IsZero() {
		return
	}
	header.Set("Deprecation", "@"+strconv.FormatInt(v.Deprecated.Unix(), 10))
	header.Add("Link", `</docs>; rel="deprecation"; type="text/html"`)
	if !v.Sunset.IsZero() {
		header.Set("Sunset", v.Sunset.Format(http.TimeFormat))
	}
	if successor, ok := versionOf(strconv.Itoa(v.Number + 1)); ok && inPath {
		path := successor.Prefix() + strings.TrimPrefix(r.URL.EscapedPath(), v.Prefix())
		header.Add("Link", "<"+path+`>; rel="successor-version"`)
	}
}

func errUnknownVersion(number string) error {
	served := make([]string, len(Versions))
	for i, version := range Versions {
		served[i] = strconv.Itoa(version.Number)
	}
	return problem.UnknownVersion.Errorf("version %q is not served; these are: %s", number, strings.Join(served, ", "))
}
