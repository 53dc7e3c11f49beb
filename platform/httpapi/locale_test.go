package httpapi_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/test/testkit"
)

type whereInput struct {
	httpapi.Locale
	Limit int `query:"limit" minimum:"1"`
}

type whereOutput struct {
	Body struct{ Zone, Language string }
}

// whereabouts is a client of an operation that tells where it takes its reader to be.
func whereabouts(t *testing.T) testkit.Client {
	t.Helper()
	api := newAPI(t, nil)
	httpapi.Handle(api.V(1), operation("where", http.MethodGet, "/where"),
		func(_ context.Context, in *whereInput) (*whereOutput, error) {
			out := &whereOutput{}
			out.Body.Zone, out.Body.Language = in.Zone().String(), in.Language()
			return out, nil
		})
	return testkit.Through(t, api)
}

func TestTheTimeZoneIsTheOneThatIsNamedOrElseUTC(t *testing.T) {
	client := whereabouts(t)
	for query, want := range map[string]string{"": "UTC", "?time_zone=Europe/Berlin": "Europe/Berlin", "?time_zone=Asia/Kathmandu": "Asia/Kathmandu"} {
		answer := client.Get("/api/v1/where" + query).Must(http.StatusOK)
		assert.Equal(t, want, answer.JSON()["Zone"])
		assert.Contains(t, answer.Header.Values("Vary"), "Accept-Language")
	}
}

func TestATimeZoneThatIsNotKnownIsRefusedWithTheRule(t *testing.T) {
	client := whereabouts(t)
	for _, query := range []string{"?time_zone=Mars/Olympus", "?time_zone=Local", "?time_zone=../../etc/passwd", "?time_zone=%2B02:00"} {
		document := client.Get("/api/v1/where" + query).Must(http.StatusUnprocessableEntity).Problem()
		require.Len(t, document.Errors, 1)
		assert.Equal(t, "query", document.Errors[0].In)
		assert.Equal(t, "/time_zone", document.Errors[0].Pointer)
		assert.Equal(t, "must be the name of an IANA time zone, such as Europe/Berlin or UTC", document.Errors[0].Detail)
	}
	both := client.Get("/api/v1/where?time_zone=Mars/Olympus&limit=0").Must(http.StatusUnprocessableEntity).Problem()
	assert.Len(t, both.Errors, 2, "with everything else that is wrong")
}

func TestTheLanguageIsTheOneThatTheReaderLikesBest(t *testing.T) {
	client := whereabouts(t)
	for sent, want := range map[string]string{
		"": "en", "de-AT, en;q=0.5": "de-AT", "fr;q=0.1, pt-BR;q=0.9": "pt-BR", "*": "en", "not a header;;": "en",
	} {
		assert.Equal(t, want, client.Get("/api/v1/where", "Accept-Language", sent).JSON()["Language"], sent)
	}
}
