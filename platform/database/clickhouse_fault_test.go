package database_test

import (
	"bufio"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

// onOwnClickHouse gives a test a server of its own, over HTTP, through a network that can be cut.
func onOwnClickHouse(t *testing.T) (*testkit.ClickHouseProcess, *line, *database.ClickHouse) {
	t.Helper()
	server := testkit.NewClickHouseProcess(t)
	at, err := url.Parse(server.URL)
	require.NoError(t, err)
	line := newLine(t, at.Host)
	ch := warehouse(t, database.Config{Driver: "clickhouse", DSN: config.DSN("http://" + line.addr() + "/system")})
	require.NoError(t, ch.Exec(t.Context(), "CREATE DATABASE app", nil))
	ch = warehouse(t, database.Config{Driver: "clickhouse", DSN: config.DSN("http://" + line.addr() + "/app")})
	require.NoError(t, ch.Exec(t.Context(), sales, nil))
	return server, line, ch
}

// endOfBatch is the last that the client sends of one.
const endOfBatch = "0\r\n\r\n"

func TestABatchWhoseAnswerIsLostHasAnUnknownOutcome(t *testing.T) {
	_, line, ch := onOwnClickHouse(t)
	line.cutAfter.Store(endOfBatch)
	err := database.Insert(t.Context(), ch, "sales", some(10))
	require.ErrorIs(t, err, database.ErrOutcomeUnknown)
	require.ErrorIs(t, err, database.ErrUnavailable)
	require.Eventually(t, func() bool { return stored(t, ch) == 10 }, 10*time.Second, time.Millisecond, "here it was stored")
}

func TestABatchWithATokenIsRepeatedWhenItsAnswerIsLostAndStoredOnce(t *testing.T) {
	testkit.Shows(t, testkit.Failure)
	_, line, ch := onOwnClickHouse(t)
	line.cutAfter.Store(endOfBatch)
	require.NoError(t, database.Insert(t.Context(), ch, "sales", some(10), database.Token("a")))
	assert.Empty(t, line.cutAfter.Load(), "it was cut")
	assert.EqualValues(t, 10, stored(t, ch))
}

func TestWhatWasNotSentIsKnownNotToBeStored(t *testing.T) {
	ch := opened(t, "http://127.0.0.1:1/app")
	err := database.Insert(t.Context(), ch, "sales", some(1))
	require.ErrorIs(t, err, database.ErrUnavailable)
	assert.NotErrorIs(t, err, database.ErrOutcomeUnknown)
}

func TestAClickHouseThatDiesIsUnavailableUntilItIsBack(t *testing.T) {
	testkit.Shows(t, testkit.Failure)
	server, _, ch := onOwnClickHouse(t)
	rows := some(10)
	require.NoError(t, database.Insert(t.Context(), ch, "sales", rows, database.Token("before")))
	server.Kill()
	require.ErrorIs(t, ch.Ping(t.Context()), database.ErrUnavailable)
	_, err := database.Value[uint64](t.Context(), ch, "SELECT count() FROM sales", nil)
	require.ErrorIs(t, err, database.ErrUnavailable)
	require.ErrorIs(t, database.Insert(t.Context(), ch, "sales", rows, database.Token("after")), database.ErrUnavailable)

	server.Start(t)
	require.NoError(t, ch.Ping(t.Context()))
	require.NoError(t, database.Insert(t.Context(), ch, "sales", rows, database.Token("before")))
	assert.EqualValues(t, 10, stored(t, ch), "what was stored is still there, and so is its token")
	require.NoError(t, database.Insert(t.Context(), ch, "sales", rows, database.Token("after")))
	assert.EqualValues(t, 20, stored(t, ch))
}

func TestAQueryThatBreaksOffIsUnavailableAndNeverAnEnd(t *testing.T) {
	server := testkit.NewClickHouseProcess(t)
	at, err := url.Parse(server.URL)
	require.NoError(t, err)
	proxy := testkit.NewProxy(t, at.Host)
	ch := warehouse(t, database.Config{Driver: "clickhouse", DSN: config.DSN("http://" + proxy.Addr + "/system")})
	type row struct {
		N uint64 `ch:"number"`
	}
	var last error
	read := 0
	for _, err := range database.Rows[row](t.Context(), ch, "SELECT number FROM numbers(3000000)", nil) {
		if read++; read == 1 {
			proxy.Cut()
		}
		last = err
	}
	require.ErrorIs(t, last, database.ErrUnavailable)
	assert.Less(t, read, 3_000_000)
	proxy.Restore(t)
	assert.NoError(t, ch.Ping(t.Context()))
}

func TestClickHouseIsReachedThroughTLSWithOurCertificate(t *testing.T) {
	at, err := url.Parse(testkit.EmptyClickHouse(t).DSN.Reveal())
	require.NoError(t, err)
	server, client := newIdentity(t, "clickhouse.test"), newIdentity(t, "trellis.test")
	address := encrypted(t, at.Host, server, client)
	section := database.TLS{CA: server.cert, Cert: client.cert, Key: client.key, ServerName: "clickhouse.test"}
	cfg := database.Config{Driver: "clickhouse", DSN: config.DSN("https://" + address + at.Path), TLS: section}
	require.NoError(t, warehouse(t, cfg).Ping(t.Context()))

	cfg.TLS.ServerName, cfg.ConnectTimeout = "other.test", time.Millisecond
	require.ErrorIs(t, warehouse(t, cfg).Ping(t.Context()), database.ErrUnavailable)
	cfg.DSN = config.DSN("http://" + address + at.Path)
	_, err = database.Open(database.Configs{"w": cfg}, testkit.Quiet())
	assert.ErrorContains(t, err, "databases.w.dsn: is http, and the section tls is set")
}

// The scheme says what is spoken: the first that a server hears shows it.
func TestTheSchemeOfTheDSNChoosesTheProtocol(t *testing.T) {
	hear := func(t *testing.T, scheme, parameters string) *bufio.Reader {
		t.Helper()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = listener.Close() })
		heard := make(chan *bufio.Reader, 1)
		go func() {
			connection, err := listener.Accept()
			if err != nil {
				close(heard)
				return
			}
			reader := bufio.NewReader(connection)
			_, _ = reader.Peek(64)
			_ = connection.(*net.TCPConn).CloseWrite()
			heard <- reader
		}()
		ch := opened(t, config.DSN(scheme+"://app:hunter2@"+listener.Addr().String()+"/shop"+parameters))
		err = ch.Ping(t.Context())
		require.ErrorIs(t, err, database.ErrUnavailable)
		require.NotContains(t, err.Error(), "hunter2")
		return <-heard
	}
	t.Run("native", func(t *testing.T) {
		first, err := hear(t, "clickhouse", "").Peek(64)
		require.NoError(t, err)
		assert.Zero(t, first[0], "the native greeting")
		assert.Contains(t, string(first), "trellis")
	})
	t.Run("native with TLS", func(t *testing.T) {
		first, err := hear(t, "clickhouse", "?secure=true").Peek(1)
		require.NoError(t, err)
		assert.EqualValues(t, 0x16, first[0], "a TLS handshake")
	})
	t.Run("http", func(t *testing.T) {
		request, err := http.ReadRequest(hear(t, "http", "?max_threads=2"))
		require.NoError(t, err)
		user, password, _ := request.BasicAuth()
		assert.Equal(t, []string{"app", "hunter2"}, []string{user, password})
		query := request.URL.Query()
		assert.Equal(t, "shop", query.Get("database"))
		assert.Equal(t, "2", query.Get("max_threads"))
		assert.Equal(t, "1", query.Get("compress"))
		assert.Equal(t, "LZ4", query.Get("network_compression_method"))
		assert.Equal(t, "1", query.Get("cancel_http_readonly_queries_on_client_close"))
	})
	t.Run("https", func(t *testing.T) {
		first, err := hear(t, "https", "").Peek(1)
		require.NoError(t, err)
		assert.EqualValues(t, 0x16, first[0], "a TLS handshake")
	})
}
