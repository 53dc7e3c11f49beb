package httpclient_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/httpclient"
)

func TestOnlyPublicAddressesAreAllowed(t *testing.T) {
	guard := httpclient.PublicOnly()
	for _, ip := range []string{
		"127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
		"100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
		"255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b:1::1",
		"fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%lo", "fec0::1", "ff02::1", "100::1", "2001::1", "2001:db8::1",
		"2002:7f00:1::", "3fff::1", "5f00::1",
	} {
		assert.ErrorIs(t, guard(netip.AddrPortFrom(netip.MustParseAddr(ip), 443)), httpclient.ErrRefused, ip)
	}
	assert.ErrorIs(t, guard(netip.AddrPort{}), httpclient.ErrRefused, "no address at all")
	for _, ip := range []string{"1.1.1.1", "93.184.215.14", "172.32.0.1", "::ffff:8.8.8.8", "2606:4700:4700::1111", "2a00:1450::1"} {
		assert.NoError(t, guard(netip.AddrPortFrom(netip.MustParseAddr(ip), 443)), ip)
	}
}

func TestANetworkThatIsNamedIsAllowed(t *testing.T) {
	guard := httpclient.PublicOnly(netip.MustParsePrefix("10.1.0.0/16"))
	assert.NoError(t, guard(netip.MustParseAddrPort("10.1.2.3:80")))
	assert.NoError(t, guard(netip.MustParseAddrPort("[::ffff:10.1.2.3]:80")))
	assert.ErrorIs(t, guard(netip.MustParseAddrPort("10.2.0.1:80")), httpclient.ErrRefused)
}

func TestTheGuardSeesWhatANameResolvesTo(t *testing.T) {
	s := statuses(t, 200)
	client := s.client(t, httpclient.Config{Failures: 1}, httpclient.PublicOnly())
	for _, url := range []string{s.URL, strings.Replace(s.URL, "127.0.0.1", "localhost", 1), strings.Replace(s.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1)} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		require.NoError(t, err)
		for range 3 {
			_, err = client.Do(request)
			require.ErrorIs(t, err, httpclient.ErrRefused, "%s: a refusal neither opens the circuit nor is repeated", url)
		}
	}
	assert.Empty(t, s.seen(), "nothing arrived")
	allowed := s.client(t, httpclient.Config{}, httpclient.PublicOnly(netip.MustParsePrefix("127.0.0.0/8")))
	_, err := allowed.Do(s.request(t, http.MethodGet, ""))
	require.NoError(t, err)
}

func TestAGuardedClientUsesNoProxy(t *testing.T) {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://10.0.0.1/", nil)
	require.NoError(t, err)
	proxy, err := http.ProxyFromEnvironment(request)
	require.NoError(t, err)
	require.NotNil(t, proxy, "others use the one that TestMain names")
	var asked []string
	guard := func(address netip.AddrPort) error {
		asked = append(asked, address.String())
		return httpclient.ErrRefused
	}
	_, err = statuses(t, 200).client(t, httpclient.Config{}, guard).Do(request)
	require.ErrorIs(t, err, httpclient.ErrRefused)
	assert.Equal(t, []string{"10.0.0.1:80"}, asked)
}
