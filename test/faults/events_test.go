//go:build faults

package faults

import (
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/test/testkit"
)

// patience is for one step: some thousand events, or the end of a lease.
const patience = 2 * time.Minute

// app is the processes under test, the database they share, and their way to the broker.
type app struct {
	t       *testing.T
	db      *database.DB
	env     []string
	proxy   *testkit.Proxy // nil for the embedded broker
	running [processes]*exec.Cmd
}

func newApp(t *testing.T, driver string) *app {
	t.Helper()
	cfg := testkit.EmptyMySQL(t)
	db, err := testkit.MigratedOn(t, cfg, migrations.Files).DB(testkit.Name)
	require.NoError(t, err)
	for _, table := range []string{
		"CREATE TABLE faults_made (subject VARCHAR(50) NOT NULL, number BIGINT NOT NULL, PRIMARY KEY (subject, number))",
		"CREATE TABLE faults_effects (seq BIGINT AUTO_INCREMENT PRIMARY KEY, subject VARCHAR(50) NOT NULL, number BIGINT NOT NULL)",
	} {
		require.NoError(t, db.Writer(t.Context()).Exec(table).Error)
	}
	a := &app{t: t, db: db, env: append(os.Environ(), dsnVariable+"="+cfg.DSN.Reveal(), driverVariable+"="+driver)}
	if driver == broker.DriverRabbitMQ {
		a.rabbitMQ()
	}
	t.Cleanup(func() {
		for _, cmd := range a.running {
			if cmd != nil && cmd.ProcessState == nil {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
			}
		}
	})
	return a
}

// rabbitMQ gives the processes an exchange of their own, through a proxy.
func (a *app) rabbitMQ() {
	server, exchange := testkit.RabbitMQ(a.t), "faults."+id.New()
	address, err := url.Parse(server)
	require.NoError(a.t, err)
	a.proxy = testkit.NewProxy(a.t, address.Host)
	address.Host = a.proxy.Addr
	a.env = append(a.env, urlVariable+"="+address.String(), exchangeEnv+"="+exchange)
	a.t.Cleanup(func() {
		connection, err := amqp.Dial(server)
		require.NoError(a.t, err)
		channel, err := connection.Channel()
		require.NoError(a.t, err)
		for _, queue := range []string{exchange + "." + name, exchange + "." + name + ".dead"} {
			_, err := channel.QueueDelete(queue, false, false, false)
			require.NoError(a.t, err)
		}
		require.NoError(a.t, channel.ExchangeDelete(exchange, false, false))
		require.NoError(a.t, connection.Close())
	})
}

func (a *app) start(number int) {
	a.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(a.env, roleVariable+"="+strconv.Itoa(number))
	cmd.Stderr = os.Stderr
	require.NoError(a.t, cmd.Start())
	a.running[number] = cmd
}

// kill ends a process as nothing can be done about, and starts it again.
func (a *app) kill(number int) {
	a.t.Helper()
	cmd := a.running[number]
	require.NoError(a.t, cmd.Process.Signal(syscall.SIGKILL))
	require.Error(a.t, cmd.Wait())
	a.start(number)
}

// cut takes the broker away for a second, and until some hundred events have piled up.
func (a *app) cut() {
	a.t.Helper()
	a.proxy.Cut()
	began, before := time.Now(), a.count("faults_made")
	require.Less(a.t, before, int64(total-pile), "everything has been published: publish more slowly")
	a.eventually(func() bool { return time.Since(began) >= time.Second && a.count("faults_made") >= before+pile })
	a.t.Logf("cut off for %s; %d events in the outbox", time.Since(began).Round(time.Millisecond), a.count("outbox_events"))
	a.proxy.Restore(a.t)
}

func (a *app) count(table string) int64 {
	a.t.Helper()
	var n int64
	require.NoError(a.t, a.db.Reader(a.t.Context()).Table(table).Count(&n).Error)
	return n
}

func (a *app) eventually(done func() bool) {
	a.t.Helper()
	require.Eventually(a.t, done, patience, 20*time.Millisecond, "made %d, in the outbox %d, effects %d",
		a.count("faults_made"), a.count("outbox_events"), a.count("faults_effects"))
}

// handled waits for so many effects.
func (a *app) handled(n int64) {
	a.t.Helper()
	a.eventually(func() bool { return a.count("faults_effects") >= n })
}

// end tells the processes to end, which they do in order.
func (a *app) end() {
	a.t.Helper()
	for _, cmd := range a.running {
		require.NoError(a.t, cmd.Process.Signal(syscall.SIGTERM))
	}
	for _, cmd := range a.running {
		assert.NoError(a.t, cmd.Wait())
	}
}

// verify finds each event's effect once, and those of a subject in order.
func (a *app) verify() {
	a.t.Helper()
	assert.EqualValues(a.t, total, a.count("faults_made"))
	var effects []effect
	require.NoError(a.t, a.db.Reader(a.t.Context()).Order("seq").Find(&effects).Error)
	next := map[string]int{}
	for _, e := range effects {
		require.Equal(a.t, next[e.Subject], e.Number, e.Subject)
		next[e.Subject]++
	}
	require.Len(a.t, next, subjects)
	for subject, n := range next {
		assert.Equal(a.t, each, n, subject)
	}
	assert.Zero(a.t, a.count("queue_dead"))
}

func TestEveryEffectHappensOnceAndInOrderWhateverDies(t *testing.T) {
	for _, driver := range []string{broker.DriverEmbedded, broker.DriverRabbitMQ} {
		t.Run(driver, func(t *testing.T) {
			a := newApp(t, driver)
			for number := range processes {
				a.start(number)
			}
			began := time.Now()
			for round := range int64(5) {
				a.handled(1000 + round*3500)
				a.kill(int(round) % processes)
				if a.proxy != nil && round > 0 && round < 4 {
					a.handled(2500 + round*3500)
					a.cut()
				}
			}
			a.handled(total)
			t.Logf("%d events in %s", total, time.Since(began).Round(time.Second))
			a.end()
			a.verify()
		})
	}
}
