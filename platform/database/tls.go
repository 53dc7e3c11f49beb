package database

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLS encrypts the connections to a server, as soon as one field of it is set. Every file is in PEM.
type TLS struct {
	CA         string // file with the authorities that the server's certificate may come from: those of the system
	Cert       string `validate:"required_with=Key"`  // file with our own certificate, for a server that asks for one
	Key        string `validate:"required_with=Cert"` // file with the private key of cert
	ServerName string // the name in the server's certificate: the host that is connected to
}

// config reads the files, for mistakes in them to show when the program starts. It is nil when no field is set. The
// errors begin with the key below databases.<name>.
func (t TLS) config() (*tls.Config, error) {
	if t == (TLS{}) {
		return nil, nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	var err error
	if t.CA != "" {
		if cfg.RootCAs, err = authorities(t.CA); err != nil {
			return nil, fmt.Errorf("tls.ca: %w", err)
		}
	}
	if t.Cert == "" && t.Key == "" {
		return cfg, nil
	}
	if _, err = t.pair(); err != nil {
		return nil, err
	}
	// Read again for each connection: certificates are renewed while the program runs.
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return t.pair() }
	return cfg, nil
}

func authorities(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("reading the authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate in PEM", file)
	}
	return pool, nil
}

func (t TLS) pair() (*tls.Certificate, error) {
	if t.Cert == "" || t.Key == "" {
		return nil, errors.New("tls.cert and tls.key belong together: set both")
	}
	cert, err := os.ReadFile(t.Cert)
	if err != nil {
		return nil, fmt.Errorf("tls.cert: reading the certificate: %w", err)
	}
	key, err := os.ReadFile(t.Key)
	if err != nil {
		return nil, fmt.Errorf("tls.key: reading the private key: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("tls.cert: %s and %s are no certificate and its key: %w", t.Cert, t.Key, err)
	}
	return &pair, nil
}
