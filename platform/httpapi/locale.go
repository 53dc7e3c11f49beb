package httpapi

import (
	"errors"
	"strings"
	"time"
	_ "time/tzdata" // a container may have none

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/text/language"
)

const (
	timeZoneQuery = "time_zone"
	timeZoneRule  = "must be the name of an IANA time zone, such as Europe/Berlin or UTC"
)

// anyLanguage is what the * of a header is read as.
var anyLanguage = language.MustParse("mul")

// Locale is embedded in the input of an operation whose answer depends on where its reader is: on what is a day there, and
// in which language numbers are written. It is resolved once for each request, before the operation runs.
type Locale struct {
	TimeZone  string `query:"time_zone" maxLength:"64" default:"UTC" example:"Europe/Berlin" doc:"An IANA time zone"`
	Languages string `header:"Accept-Language" maxLength:"400" doc:"The languages of the reader, the best first"`

	zone     *time.Location
	language language.Tag
}

// Resolve finds the time zone and the language. A time zone that is not known is refused; a header of languages that
// cannot be read is one of English, as RFC 9110 would have it.
func (l *Locale) Resolve(hctx huma.Context) []error {
	hctx.AppendHeader("Vary", "Accept-Language")
	l.language = language.English
	tags, _, err := language.ParseAcceptLanguage(l.Languages)
	if err == nil && len(tags) > 0 && tags[0] != anyLanguage {
		l.language = tags[0]
	}
	zone, err := zoneOf(l.TimeZone)
	if err != nil {
		return []error{&huma.ErrorDetail{Location: "query." + timeZoneQuery, Message: timeZoneRule, Value: l.TimeZone}}
	}
	l.zone = zone
	return nil
}

// zoneOf finds a time zone by its name. "Local" is none: it would be that of the server.
func zoneOf(name string) (*time.Location, error) {
	if strings.EqualFold(name, "local") {
		return nil, errors.New("it is a name for any")
	}
	return time.LoadLocation(name)
}

// Zone is the time zone of the reader, UTC when it says none.
func (l *Locale) Zone() *time.Location { return l.zone }

// Language is the language that the reader likes best, as a BCP 47 tag, en when it says none: de-AT.
func (l *Locale) Language() string { return l.language.String() }
