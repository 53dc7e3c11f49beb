package order_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/modules/catalog/catalogapi"
	"github.com/trellis-go/trellis/modules/inventory/inventoryapi"
	"github.com/trellis-go/trellis/modules/order"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/tasks"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)

var settings = order.Config{
	Database: testkit.Name, PaymentWindow: 30 * time.Minute, ExpireEvery: time.Second,
	Payment: order.PaymentConfig{Provider: "simulated", Timeout: 5 * time.Second},
}

const patience = 20 * time.Second

// The products of the tests.
var tea, mug, book, retired, unknown = uuid(1), uuid(2), uuid(3), uuid(4), uuid(9)

func uuid(i int) string { return testkit.ID("a000", i) }

// shelves is the catalog.
type shelves struct {
	mu       sync.Mutex
	products map[string]catalogapi.Product
}

func newShelves() *shelves {
	return &shelves{products: map[string]catalogapi.Product{
		tea:     {ID: tea, SKU: "TEA-1", Name: "Green tea", PriceCents: 1299, Currency: "EUR", Active: true},
		mug:     {ID: mug, SKU: "MUG-1", Name: "Mug", PriceCents: 700, Currency: "EUR", Active: true},
		book:    {ID: book, SKU: "BOOK-1", Name: "On tea", PriceCents: 2000, Currency: "USD", Active: true},
		retired: {ID: retired, SKU: "OLD-1", Name: "Old tea", PriceCents: 100, Currency: "EUR"},
	}}
}

func (s *shelves) ProductsByID(_ context.Context, ids []string) (map[string]catalogapi.Product, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[string]catalogapi.Product{}
	for _, id := range ids {
		if product, there := s.products[id]; there {
			found[id] = product
		}
	}
	return found, nil
}

func (s *shelves) price(productID string, cents int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	product := s.products[productID]
	product.PriceCents = cents
	s.products[productID] = product
}

// stock is the inventory: it remembers what was asked of it last under each reference.
type stock struct {
	mu      sync.Mutex
	asked   map[string]string
	until   map[string]time.Time
	reserve func(reference string, lines []inventoryapi.Line, until time.Time) error // nil: there is enough of everything
	commit  func(reference string) error
	release func(reference string) error
}

func (s *stock) Reserve(_ context.Context, reference string, lines []inventoryapi.Line, until time.Time) error {
	if s.reserve != nil {
		if err := s.reserve(reference, lines, until); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until[reference] = until
	s.asked[reference] = fmt.Sprint("reserved ", len(lines))
	return nil
}

func (s *stock) Commit(_ context.Context, reference string) error {
	if s.commit != nil {
		return s.commit(reference)
	}
	return s.note(reference, "committed")
}

func (s *stock) Release(_ context.Context, reference string) error {
	if s.release != nil {
		if err := s.release(reference); err != nil {
			return err
		}
	}
	return s.note(reference, "released")
}

func (s *stock) note(reference, what string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[reference] = what
	return nil
}

func (s *stock) of(reference string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[reference]
}

// till is the payment provider. It takes what it has under a key once, and nothing after a refund.
type till struct {
	mu       sync.Mutex
	charges  map[string]order.Charge
	refunded map[string]int
	before   func(charge order.Charge) error // what happens while the provider is asked
	after    func(charge order.Charge) error // and once it has the money
	refund   func(key string) error
}

func (p *till) Capture(_ context.Context, charge order.Charge) (string, error) {
	if p.before != nil {
		if err := p.before(charge); err != nil {
			return "", err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refunded[charge.Key] > 0 {
		return "", order.ErrPaymentDeclined.New("it was given back")
	}
	p.charges[charge.Key] = charge
	if p.after != nil {
		if err := p.after(charge); err != nil {
			return "", err
		}
	}
	return "till-" + charge.Key, nil
}

func (p *till) Refund(_ context.Context, key string) error {
	if p.refund != nil {
		if err := p.refund(key); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refunded[key]++
	delete(p.charges, key)
	return nil
}

// forget makes the provider forget that it has given something back.
func (p *till) forget(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.refunded, key)
}

// has is what the provider has taken under a key, in cents.
func (p *till) has(key string) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.charges[key].AmountCents
}

// shop is the module, with all that it needs of others.
type shop struct {
	testkit.Client // an admin
	*order.Service
	t       *testing.T
	repo    *order.Repository
	clock   *testkit.Clock
	catalog *shelves
	stock   *stock
	till    *till
	events  *outbox.Outbox
	tasks   *tasks.Tasks
	module  module.Module
}

var permissions = auth.Permissions{auth.Staff: {order.Manage}}

func open(t *testing.T, databases *database.Manager) *shop {
	t.Helper()
	s := &shop{
		t: t, clock: &testkit.Clock{}, catalog: newShelves(),
		stock: &stock{asked: map[string]string{}, until: map[string]time.Time{}},
		till:  &till{charges: map[string]order.Charge{}, refunded: map[string]int{}},
	}
	var err error
	s.repo, err = order.NewRepository(settings, databases)
	require.NoError(t, err)
	s.events = outbox.New(s.clock.Now)
	cfg := tasks.Config{Database: testkit.Name, Concurrency: 2, Lease: time.Second, Streams: 1}
	s.tasks, err = tasks.New(cfg, databases, s.clock.Now, testkit.Quiet())
	require.NoError(t, err)
	s.Service = order.NewService(settings, s.repo, s.catalog, s.stock, s.till, s.events, s.tasks, s.clock.Now)
	s.module = order.New(order.NewHandler(s.Service, testkit.Keys(t))).Module
	s.Client = testkit.ServeBehind(t, testkit.Gate(t, permissions), s.module).As(auth.Admin)
	return s
}

// as is the client of a user.
func (s *shop) as(user string, role auth.Role) testkit.Client {
	s.t.Helper()
	token, err := testkit.Tokens(s.t).Issue(auth.Principal{UserID: user, Role: role, SessionID: "session"})
	require.NoError(s.t, err)
	return s.With(token)
}

// customer is the client of Ada, who buys.
func (s *shop) customer() testkit.Client { return s.as("ada", auth.Customer) }

func lines(pairs ...any) string {
	text := ""
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf(`{"product_id":%q,"quantity":%d}`, pairs[i], pairs[i+1])
	}
	return `{"lines":[` + text + `]}`
}

var keys struct {
	sync.Mutex
	last int
}

// key is an idempotency key that nobody has used.
func key() string {
	keys.Lock()
	defer keys.Unlock()
	keys.last++
	return fmt.Sprint("key-", keys.last)
}

// place places an order as Ada.
func (s *shop) place(pairs ...any) map[string]any {
	s.t.Helper()
	return s.customer().Do("POST", "/api/v2/orders", lines(pairs...), "Idempotency-Key", key()).Must(201).JSON()
}

func path(placed map[string]any, verb string) string {
	if verb != "" {
		verb = "/" + verb
	}
	return "/api/v2/orders/" + placed["id"].(string) + verb
}

func id(placed map[string]any) string { return placed["id"].(string) }

// status is the status of an order and of its payment.
func (s *shop) status(placed map[string]any) string {
	s.t.Helper()
	now := s.Get(path(placed, "")).Must(200).JSON()
	return fmt.Sprint(now["status"], " ", now["payment_status"])
}

// work carries out what waits, until the test ends or the function is called.
func (s *shop) work() (end func()) {
	s.t.Helper()
	w, err := tasks.NewWorker(s.tasks, prometheus.NewRegistry(), s.module.Tasks, s.module.Schedules)
	require.NoError(s.t, err)
	var running sync.WaitGroup
	running.Go(func() { assert.NoError(s.t, w.Run(context.Background())) })
	end = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		assert.NoError(s.t, w.Drain(ctx))
		running.Wait()
	})
	s.t.Cleanup(end)
	return end
}

// becomes waits until an order has a status and a status of its payment.
func (s *shop) becomes(placed map[string]any, status string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.status(placed) == status }, patience, 5*time.Millisecond, "%s", status)
}

// post keeps what is sent to it.
type post struct{ sent []broker.Message }

func (p *post) Publish(_ context.Context, messages []broker.Message) []error {
	p.sent = append(p.sent, messages...)
	return make([]error, len(messages))
}

// told are the events so far.
func (s *shop) told() []broker.Message {
	s.t.Helper()
	to := &post{}
	cfg := outbox.Config{Batch: 100, Poll: time.Minute, Lease: time.Minute}
	relay := s.events.NewRelay(cfg, s.repo.DB, to, testkit.Quiet())
	var running sync.WaitGroup
	running.Go(func() { assert.NoError(s.t, relay.Run(context.Background())) })
	require.NoError(s.t, relay.Drain(s.t.Context()))
	running.Wait()
	return to.sent
}

// as is a context of requests by a customer.
func as(t *testing.T, user string) context.Context {
	t.Helper()
	return auth.With(t.Context(), auth.Principal{UserID: user, Role: auth.Customer})
}
