package database_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

// identity is a certificate that signs itself, with its key, in files.
type identity struct{ cert, key string }

func newIdentity(t *testing.T, name string) identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	folder := t.TempDir()
	i := identity{cert: filepath.Join(folder, "cert.pem"), key: filepath.Join(folder, "key.pem")}
	require.NoError(t, os.WriteFile(i.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600))
	require.NoError(t, os.WriteFile(i.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	return i
}

// encrypted stands before a server and speaks TLS: with the certificate of ours, to who has one signed by clients.
func encrypted(t *testing.T, target string, ours, clients identity) (address string) {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(ours.cert, ours.key)
	require.NoError(t, err)
	trusted := x509.NewCertPool()
	text, err := os.ReadFile(clients.cert)
	require.NoError(t, err)
	require.True(t, trusted.AppendCertsFromPEM(text))
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listener := tls.NewListener(plain, &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: trusted, ClientAuth: tls.RequireAndVerifyClientCert,
	})
	serveLine(t, listener, target)
	return plain.Addr().String()
}

func TestRedisIsReachedThroughTLSWithOurCertificate(t *testing.T) {
	server, client := newIdentity(t, "redis.test"), newIdentity(t, "trellis.test")
	address := encrypted(t, testkit.RedisServer(t), server, client)
	section := database.TLS{CA: server.cert, Cert: client.cert, Key: client.key, ServerName: "redis.test"}
	cfg := database.Config{Driver: "redis", DSN: config.DSN("rediss://" + address), TLS: section}
	assert.NoError(t, redisOf(t, testkit.Start(t, database.Configs{"redis": cfg})).Ping(t.Context()))

	for name, wrong := range map[string]func(*database.TLS){
		"a name that the certificate does not have": func(s *database.TLS) { s.ServerName = "other.test" },
		"authorities that did not sign it":          func(s *database.TLS) { s.CA = client.cert },
		"no certificate of ours":                    func(s *database.TLS) { s.Cert, s.Key = "", "" },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := cfg
			cfg.ConnectTimeout = time.Millisecond
			wrong(&cfg.TLS)
			assert.Error(t, redisOf(t, testkit.Start(t, database.Configs{"redis": cfg})).Ping(t.Context()))
		})
	}
}

func TestTheFilesOfTLSAreCheckedAndTheKeyIsNamed(t *testing.T) {
	good, other := newIdentity(t, "a.test"), newIdentity(t, "b.test")
	for name, wrong := range map[string]struct {
		tls  database.TLS
		want string
	}{
		"no such authorities":        {database.TLS{CA: "nowhere.pem"}, "databases.x.tls.ca: reading the authorities: open nowhere.pem"},
		"authorities that are a key": {database.TLS{CA: good.key}, "databases.x.tls.ca: " + good.key + " has no certificate in PEM"},
		"no such certificate":        {database.TLS{Cert: "nowhere.pem", Key: good.key}, "databases.x.tls.cert: reading the certificate"},
		"no such key":                {database.TLS{Cert: good.cert, Key: "nowhere.pem"}, "databases.x.tls.key: reading the private key"},
		"the key of another":         {database.TLS{Cert: good.cert, Key: other.key}, "databases.x.tls.cert: " + good.cert + " and " + other.key},
		"a certificate alone":        {database.TLS{Cert: good.cert}, "databases.x.tls.cert and tls.key belong together"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := database.Open(database.Configs{"x": {Driver: "redis", DSN: "redis://x", TLS: wrong.tls}}, testkit.Quiet())
			assert.ErrorContains(t, err, wrong.want)
		})
	}
}

func TestMySQLTakesItsTLSFromOnePlace(t *testing.T) {
	cfg := database.Config{Driver: "mysql", DSN: "root@tcp(x:1)/x?tls=true", TLS: database.TLS{ServerName: "db.test"}}
	_, err := database.Open(database.Configs{"x": cfg}, testkit.Quiet())
	assert.ErrorContains(t, err, "databases.x.dsn: has the parameter tls beside the section tls")
}

func TestAFileTakesNoTLS(t *testing.T) {
	cfg := testkit.EmptySQLite(t)
	cfg.TLS.ServerName = "db.test"
	_, err := database.Open(database.Configs{"x": cfg}, testkit.Quiet())
	assert.ErrorContains(t, err, "has no use for the section tls")
}
