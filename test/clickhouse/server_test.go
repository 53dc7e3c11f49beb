//go:build linux

package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/test/testkit"
)

// The client is the one that programs use, as it is.
func connect(t *testing.T, server string, method clickhouse.CompressionMethod) driver.Conn {
	t.Helper()
	at, err := url.Parse(server)
	require.NoError(t, err)
	connection, err := clickhouse.Open(&clickhouse.Options{
		Protocol: clickhouse.HTTP, Addr: []string{at.Host}, Compression: &clickhouse.Compression{Method: method, Level: 3},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, connection.Close()) })
	return connection
}

// onServer gives a specification a server of its own and a database on it.
func onServer(t *testing.T) (*testkit.ClickHouseProcess, driver.Conn) {
	t.Helper()
	server := testkit.NewClickHouseProcess(t)
	connection := connect(t, server.URL, clickhouse.CompressionNone)
	require.NoError(t, connection.Exec(t.Context(), "CREATE DATABASE app"))
	require.NoError(t, connection.Exec(t.Context(), "CREATE TABLE app.t (id UInt64, s String) ENGINE = MergeTree ORDER BY id"))
	return server, connection
}

func count(t *testing.T, connection driver.Conn) (n uint64) {
	t.Helper()
	require.NoError(t, connection.QueryRow(t.Context(), "SELECT count() FROM app.t").Scan(&n))
	return n
}

func TestAClientLearnsWhatItTalksTo(t *testing.T) {
	_, connection := onServer(t)
	require.NoError(t, connection.Ping(t.Context()))
	version, err := connection.ServerVersion()
	require.NoError(t, err)
	assert.GreaterOrEqual(t, version.Version.Major, uint64(26))
	assert.Equal(t, "UTC", version.Timezone.String())
}

func TestBatchesAreStoredAndReadInEveryCompression(t *testing.T) {
	server, plain := onServer(t)
	for i, method := range []clickhouse.CompressionMethod{
		clickhouse.CompressionNone, clickhouse.CompressionLZ4, clickhouse.CompressionZSTD, clickhouse.CompressionGZIP,
	} {
		connection := connect(t, server.URL, method)
		batch, err := connection.PrepareBatch(t.Context(), "INSERT INTO app.t (id, s)")
		require.NoError(t, err, method)
		long := strings.Repeat("x", 100)
		for id := range 50_000 {
			require.NoError(t, batch.Append(uint64(id), long))
		}
		require.NoError(t, batch.Send(), method)
		assert.EqualValues(t, (i+1)*50_000, count(t, plain), method)
		var rows []struct {
			ID uint64 `ch:"id"`
			S  string `ch:"s"`
		}
		require.NoError(t, connection.Select(t.Context(), &rows, "SELECT id, s FROM app.t WHERE id < 20000"), method)
		require.Len(t, rows, (i+1)*20_000, method)
		assert.Equal(t, long, rows[len(rows)-1].S, method)
	}
}

func TestParametersArriveAsTheyAre(t *testing.T) {
	_, connection := onServer(t)
	id := uuid.New()
	for _, text := range []string{`'; DROP TABLE app.t; --`, `\`, "a\tb\nc", "縗😀", "{x:String}", ""} {
		var (
			s string
			u uuid.UUID
			n int64
		)
		require.NoError(t, connection.QueryRow(t.Context(), "SELECT {s:String}, {u:UUID}, {n:Int64}",
			clickhouse.Named("s", text), clickhouse.Named("u", id), clickhouse.Named("n", -7)).Scan(&s, &u, &n))
		assert.Equal(t, text, s)
		assert.Equal(t, id, u)
		assert.EqualValues(t, -7, n)
	}
}

func TestSettingsAndDatabaseAreThoseOfTheRequest(t *testing.T) {
	_, connection := onServer(t)
	limited := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_result_rows": 3}))
	var numbers []struct {
		Number uint64 `ch:"number"`
	}
	const query = "SELECT number FROM numbers(10)"
	var exception *clickhouse.Exception
	require.ErrorAs(t, connection.Select(limited, &numbers, query), &exception)
	assert.EqualValues(t, 396, exception.Code)
	require.NoError(t, connection.Select(t.Context(), &numbers, query))
	assert.Len(t, numbers, 10)
}

func TestErrorsHaveTheNumbersOfTheEngine(t *testing.T) {
	_, connection := onServer(t)
	for statement, code := range map[string]int32{
		"SELECT 1 FROM app.missing": 60, "SELEC 1": 62, "SELECT throwIf(1)": 395, "USE missing": 81, "DROP DATABASE missing": 81,
	} {
		var exception *clickhouse.Exception
		require.ErrorAs(t, connection.Exec(t.Context(), statement), &exception, statement)
		assert.Equal(t, code, exception.Code, statement)
	}
}

func TestWhatWasStoredSurvivesAKill(t *testing.T) {
	server, connection := onServer(t)
	require.NoError(t, connection.Exec(t.Context(), "INSERT INTO app.t VALUES (1, 'a'), (2, 'b')"))
	server.Kill()
	require.Error(t, connection.Ping(t.Context()))
	server.Start(t)
	assert.EqualValues(t, 2, count(t, connection))
}

func TestManyClientsAtOnceAreAnswered(t *testing.T) {
	server, plain := onServer(t)
	var group sync.WaitGroup
	for i := range 8 {
		connection := connect(t, server.URL, clickhouse.CompressionLZ4)
		group.Go(func() {
			for j := range 20 {
				batch, err := connection.PrepareBatch(t.Context(), "INSERT INTO app.t (id, s)")
				if !assert.NoError(t, err) {
					return
				}
				assert.NoError(t, batch.Append(uint64(i*20+j), "x"))
				assert.NoError(t, batch.Send())
			}
		})
	}
	group.Wait()
	assert.EqualValues(t, 160, count(t, plain))
}

func TestRowsThatBreakOffAreNotStored(t *testing.T) {
	server, connection := onServer(t)
	reader, writer := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		server.URL+"?query="+url.QueryEscape("INSERT INTO app.t FORMAT Native"), reader)
	require.NoError(t, err)
	go func() {
		_, _ = writer.Write([]byte{2, 1, 2, 'i', 'd'}) // two columns and a row were to come
		_ = writer.CloseWithError(io.ErrUnexpectedEOF)
	}()
	_, err = http.DefaultClient.Do(request)
	require.Error(t, err)
	assert.Zero(t, count(t, connection))
}

func TestABodyThatCannotBeReadIsTheClientsMistake(t *testing.T) {
	server, _ := onServer(t)
	for coding, body := range map[string]string{"gzip": "not zipped", "br": "x"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(body))
		require.NoError(t, err)
		request.Header.Set("Content-Encoding", coding)
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		assert.Equal(t, http.StatusBadRequest, answer.StatusCode)
	}
}

func TestOnlyLoopbackIsServed(t *testing.T) {
	_, err := listen(t.Context(), "0.0.0.0:0")
	assert.ErrorContains(t, err, "not a loopback address")
}

func TestAStopLetsRequestsFinish(t *testing.T) {
	server, _ := onServer(t)
	started, answered := make(chan struct{}), make(chan string, 1)
	reader, writer := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, reader)
	require.NoError(t, err)
	request.Header.Set("Expect", "100-continue") // nothing of the body is sent before it is read
	client := http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}
	go func() {
		defer close(answered)
		answer, err := client.Do(request)
		if err != nil {
			return
		}
		defer func() { _ = answer.Body.Close() }()
		said, _ := io.ReadAll(answer.Body)
		answered <- string(said)
	}()
	go func() { _, _ = io.WriteString(writer, "SELECT 'to the end' "); close(started) }()
	<-started
	server.Terminate(t)
	_, err = io.WriteString(writer, "FORMAT TSV")
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	assert.Equal(t, "to the end\n", <-answered)
}

func TestARequestIsReadFromItsURL(t *testing.T) {
	parameters, err := url.ParseQuery("database=a%60b&query=insert+into+t%0Aformat+Native&param_x=1&max_threads=2&compress=1&client_protocol_version=54460")
	require.NoError(t, err)
	read := readRequest(parameters)
	assert.Equal(t, []string{"x"}, read.names)
	assert.Equal(t, []string{"1"}, read.values)
	assert.Equal(t, "54460", read.protocol)
	var set []string
	for _, statement := range read.setUp() {
		set = append(set, statement.text)
	}
	assert.Equal(t, []string{"USE `a``b`", "SET max_threads = '2'"}, set)
	insert, is := read.insert()
	require.True(t, is)
	assert.Equal(t, "insert into t", insert.text)
	_, is = readRequest(url.Values{"query": {"INSERT INTO t FORMAT CSV"}}).insert()
	assert.False(t, is)
}

func TestALongAnswerIsCompressedInBlocks(t *testing.T) {
	answer := bytes.Repeat([]byte("0123456789"), 300_000)
	var zipped bytes.Buffer
	require.NoError(t, compressed(&zipped, 0, answer))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/?decompress=1", &zipped)
	require.NoError(t, err)
	reader, err := decode(request)
	require.NoError(t, err)
	read, _ := io.ReadAll(reader) // this reader wraps the end, too
	assert.Equal(t, answer, read)
}

func TestAZippedBodyIsRead(t *testing.T) {
	var zipped bytes.Buffer
	writer := gzip.NewWriter(&zipped)
	_, err := writer.Write([]byte("SELECT 1"))
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", &zipped)
	require.NoError(t, err)
	request.Header.Set("Content-Encoding", "gzip")
	reader, err := decode(request)
	require.NoError(t, err)
	read, err := io.ReadAll(reader)
	require.NoError(t, err)
	assert.Equal(t, "SELECT 1", string(read))
}

func TestItSaysWhatItNeeds(t *testing.T) {
	assert.ErrorContains(t, run(t.Context(), []string{"--library", "", "--path", ""}, io.Discard), "--library and --path are needed")
	assert.ErrorContains(t, run(t.Context(), []string{"--library", "/nowhere.so", "--path", t.TempDir()}, io.Discard), "loading the engine")
}
