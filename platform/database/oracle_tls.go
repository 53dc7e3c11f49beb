package database

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"fmt"

	ora "github.com/sijms/go-ora/v2"
)

// oracleSecure makes connections through TLS. Each has a configuration of its own: the driver writes into it.
type oracleSecure struct {
	url string
	tls *tls.Config
}

// Connect logs in.
func (c oracleSecure) Connect(ctx context.Context) (driver.Conn, error) {
	connector, ok := ora.NewConnector(c.url).(*ora.OracleConnector)
	if !ok {
		return nil, fmt.Errorf("%T takes no TLS", connector)
	}
	connector.WithTLSConfig(oracleServer(c.tls))
	return connector.Connect(ctx)
}

// Driver is the driver.
func (oracleSecure) Driver() driver.Driver { return ora.NewDriver() }

// oracleServer is a configuration that looks for the name that is configured: the driver puts the host's in its place.
func oracleServer(cfg *tls.Config) *tls.Config {
	cfg = cfg.Clone()
	name := cfg.ServerName
	if name == "" {
		return cfg
	}
	cfg.InsecureSkipVerify = true // and all of it is verified here
	cfg.VerifyConnection = func(state tls.ConnectionState) error {
		chain := x509.NewCertPool()
		for _, certificate := range state.PeerCertificates[1:] {
			chain.AddCert(certificate)
		}
		_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{DNSName: name, Roots: cfg.RootCAs, Intermediates: chain})
		return err
	}
	return cfg
}
