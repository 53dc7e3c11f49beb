package httpclient

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// Guard decides whether a client may connect to an address. It is asked for every connection, after the name was
// resolved: a name that changes its address between a check and the call gains nothing. Its error is shown to whoever
// chose the address.
type Guard func(address netip.AddrPort) error

// PublicOnly lets the client connect to addresses of the public internet alone, and to those of the networks that are
// named. It refuses loopback, private, link-local (the metadata services of clouds among them), shared, documentation,
// multicast and translated addresses. The error is ErrRefused.
func PublicOnly(allowed ...netip.Prefix) Guard {
	return func(address netip.AddrPort) error {
		ip := address.Addr().Unmap().WithZone("")
		if !public(ip) && !within(allowed, ip) {
			return fmt.Errorf("%w: %s is not a public address", ErrRefused, ip)
		}
		return nil
	}
}

// special is what the registries of special-purpose addresses (RFC 6890) take out of the public ones. Of IPv6 only
// 2000::/3 is public at all; what is left out of it carries IPv4 addresses inside or is not routed.
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)

var global6 = netip.MustParsePrefix("2000::/3")

func prefixes(texts ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		parsed[i] = netip.MustParsePrefix(text)
	}
	return parsed
}

func public(ip netip.Addr) bool {
	return ip.IsValid() && !within(special, ip) && (ip.Is4() || global6.Contains(ip))
}

func within(networks []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(ip) })
}

// newTransport makes a transport whose every connection the guards have agreed to. With a guard there is no proxy, since
// the proxy would connect to where the guard does not see.
func newTransport(cfg Config, guards []Guard) *http.Transport {
	dialer := &net.Dialer{Timeout: cfg.AttemptTimeout, KeepAlive: 30 * time.Second}
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    cfg.AttemptTimeout,
		ResponseHeaderTimeout:  cfg.AttemptTimeout,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    cfg.MaxConnections,
		MaxConnsPerHost:        cfg.MaxConnections,
		MaxResponseHeaderBytes: 64 << 10,
	}
	if len(guards) > 0 {
		transport.Proxy = nil
		dialer.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
			target, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("%w: %q is not an address", ErrRefused, address)
			}
			for _, guard := range guards {
				if err := guard(target); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return transport
}
