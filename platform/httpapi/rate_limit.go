package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/platform/ratelimit"
)

// limitRate spends the client's quota for the class of the request, and refuses it when the quota is used up. Only the
// API is limited: probes must always be answered.
func (a *API) limitRate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limits := a.limits.Load()
		if !limits.Enabled || !strings.HasPrefix(r.URL.Path, "/api/") {
			next.ServeHTTP(w, r)
			return
		}
		class, quota := "write", limits.Write
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			class, quota = "read", limits.Read
		}
		state, err := a.limiter.Allow(r.Context(), class+":"+network(exchangeOf(r.Context()).client), quota)
		if err != nil {
			writeProblem(w, r, fmt.Errorf("limit the rate: %w", err))
			return
		}
		writeRateLimit(w.Header(), quota, state)
		if !state.Allowed {
			writeProblem(w, r, problem.RateLimited.Errorf("the allowance for %s requests is %d per %s with bursts of %d",
				class, quota.Requests, quota.Period, quota.Burst).After(state.RetryAfter))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func writeRateLimit(header http.Header, quota ratelimit.Quota, state ratelimit.Result) {
	header.Set("RateLimit-Limit", strconv.Itoa(state.Limit))
	header.Set("RateLimit-Remaining", strconv.Itoa(state.Remaining))
	header.Set("RateLimit-Reset", seconds(state.ResetAfter))
	header.Set("RateLimit-Policy", strconv.Itoa(quota.Requests)+";w="+seconds(quota.Period))
}

// ClientNetwork is what counts as one client when something is limited: ClientIP, or the /64 that it is in.
func ClientNetwork(ctx context.Context) string { return network(ClientIP(ctx)) }

// network is what counts as one client: an IPv4 address, or the /64 that an IPv6 host chooses its addresses from.
func network(client string) string {
	address, err := netip.ParseAddr(client)
	if err != nil || address.Is4() {
		return client
	}
	prefix, _ := address.Prefix(64)
	return prefix.String()
}

// seconds is d in whole seconds, rounded up.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
