package order_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestAnOrderIsPlacedPaidAndShipped(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.place(tea, 2)
	paid := s.customer().Do("POST", path(made, "pay"), `{"method":"card"}`).Must(200)
	assert.Equal(t, "paid", paid.JSON()["status"])
	assert.Equal(t, `"3"`, paid.Header.Get("ETag"))
	assert.Equal(t, int64(2598), s.till.has(id(made)))
	assert.True(t, s.stock.until[id(made)].IsZero(), "what is paid is kept")

	shipped := s.as("eve", auth.Staff).Do("POST", path(made, "ship"), `{"carrier":"DHL","tracking":"4711"}`).Must(200).JSON()
	assert.Equal(t, []any{"shipped", "DHL", "4711"}, []any{shipped["status"], shipped["carrier"], shipped["tracking"]})
	assert.Equal(t, "committed", s.stock.of(id(made)))
}

func TestAnOrderIsShippedWithoutACarrier(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.place(tea, 1)
	s.customer().Do("POST", path(made, "pay"), `{"method":"card"}`).Must(200)
	s.Do("POST", path(made, "ship"), "").Must(200)
}

// model is what the house rules say an order can become.
var model = map[string][]string{"placed": {"paid", "canceled", "expired"}, "paid": {"shipped", "canceled"}}

// TestOrdersMoveAsTheRulesSay does things at random, and holds every order against the rules after each.
func TestOrdersMoveAsTheRulesSay(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			s := open(t, testkit.Database(t))
			random := rand.New(rand.NewPCG(seed, 7))
			was, placed := map[string]string{}, []map[string]any{}
			moved := map[string]bool{}
			for range 150 {
				s.anything(random, &placed)
				for _, one := range placed {
					now, before := s.Get(path(one, "")).Must(200).JSON()["status"].(string), was[id(one)]
					if now == before || before == "" {
						was[id(one)] = now
						continue
					}
					assert.Contains(t, model[before], now, "from %s", before)
					moved[before+now] = true
					was[id(one)] = now
				}
			}
			assert.Len(t, moved, 5, "every move was made")
			for _, one := range placed {
				want := map[string]string{"placed": "reserved 1", "paid": "reserved 1", "shipped": "committed"}[was[id(one)]]
				if want == "" {
					want = "released"
				}
				assert.Equal(t, want, s.stock.of(id(one)), was[id(one)])
			}
		})
	}
}

// anything does one thing to an order, or places one. What is refused names what is allowed.
func (s *shop) anything(random *rand.Rand, placed *[]map[string]any) {
	s.t.Helper()
	what := random.IntN(9)
	if len(*placed) == 0 || what < 2 {
		*placed = append(*placed, s.place(tea, 1))
		return
	}
	one := (*placed)[random.IntN(len(*placed))]
	before := strings.Fields(s.status(one))[0]
	verbs := map[int][2]string{2: {"cancel", "canceled"}, 3: {"ship", "shipped"}, 4: {"ship", "shipped"}, 5: {"pay", "paid"}, 6: {"pay", "paid"}}
	verb, does := verbs[what]
	if !does {
		s.clock.Advance(settings.PaymentWindow / 5)
		_, err := s.Expire(s.t.Context())
		require.NoError(s.t, err)
		return
	}
	body := ""
	if verb[0] == "pay" {
		body = `{"method":"card"}`
	}
	answer := s.Do("POST", path(one, verb[0]), body)
	if slices.Contains(model[before], verb[1]) || verb[0] == "pay" && before == "paid" { // a payment may be sent again
		answer.Must(http.StatusOK)
		return
	}
	refused := answer.Must(http.StatusConflict).Problem()
	assert.Equal(s.t, "order_status", refused.Code)
	assert.Equal(s.t, model[before], refused.Allowed)
}

func TestAnIllegalMoveNamesTheLegalOnes(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.place(tea, 1)
	refused := s.Do("POST", path(made, "ship"), "").Must(http.StatusConflict).Problem()
	assert.Equal(t, []string{"paid", "canceled", "expired"}, refused.Allowed)
	assert.Equal(t, "the order is placed and cannot become shipped, only paid or canceled or expired", refused.Detail)
	s.customer().Do("POST", path(made, "cancel"), "").Must(200)
	refused = s.customer().Do("POST", path(made, "cancel"), "").Must(http.StatusConflict).Problem()
	assert.Empty(t, refused.Allowed)
	assert.Equal(t, "the order is canceled and cannot become canceled, nor anything else", refused.Detail)
}

func TestAnOrderThatIsNotPaidInTimeExpires(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		s := open(t, m)
		late, paid := s.place(tea, 1), s.place(tea, 1)
		s.customer().Do("POST", path(paid, "pay"), `{"method":"card"}`).Must(200)
		s.clock.Advance(settings.PaymentWindow / 2)
		inTime := s.place(tea, 1)
		s.clock.Advance(settings.PaymentWindow / 2)
		refused := s.customer().Do("POST", path(late, "pay"), `{"method":"card"}`).Must(http.StatusConflict).Problem()
		assert.Equal(t, "order_status", refused.Code, "also before it was given up")
		expired, err := s.Expire(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, expired)
		assert.Equal(t, "expired none", s.status(late))
		assert.Equal(t, "released", s.stock.of(id(late)))
		assert.Equal(t, "paid captured", s.status(paid))
		assert.Equal(t, "placed none", s.status(inTime))
		expired, err = s.Expire(t.Context())
		require.NoError(t, err)
		assert.Zero(t, expired)
	})
}

func TestWhetherAnOrderIsDueIsDecidedUnderTheLock(t *testing.T) {
	s := open(t, testkit.Database(t))
	first, second := s.place(tea, 1), s.place(tea, 1)
	s.clock.Advance(settings.PaymentWindow)
	s.stock.release = func(string) error { // both were found, and the second is not due any more
		s.clock.Advance(-settings.PaymentWindow)
		return nil
	}
	expired, err := s.Expire(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, expired)
	assert.Equal(t, "expired none", s.status(first))
	assert.Equal(t, "placed none", s.status(second))
}

func TestTheScheduleExpiresOrders(t *testing.T) {
	s := open(t, testkit.Database(t))
	late := s.place(tea, 1)
	s.clock.Advance(settings.PaymentWindow)
	s.work()
	s.becomes(late, "expired none")
}

func TestReplicasExpireAnOrderOnce(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		s := open(t, m)
		for range 20 {
			s.place(tea, 1)
		}
		s.clock.Advance(settings.PaymentWindow)
		counts := make(chan int, 4)
		for range cap(counts) {
			go func() {
				expired, err := s.Expire(context.Background())
				assert.NoError(t, err)
				counts <- expired
			}()
		}
		sum := 0
		for range cap(counts) {
			sum += <-counts
		}
		assert.Equal(t, 20, sum)
		told := map[string]int{}
		for _, message := range s.told() {
			told[message.Type]++
		}
		assert.Equal(t, map[string]int{"order.placed.v1": 20, "order.expired.v1": 20}, told)
	})
}

func TestWhatCannotExpireDoesNotKeepTheOthers(t *testing.T) {
	s := open(t, testkit.Database(t))
	stuck := s.place(tea, 1)
	for range 110 { // more than one batch
		s.place(mug, 1)
	}
	s.clock.Advance(settings.PaymentWindow)
	jammed := errors.New("the door is jammed")
	s.stock.release = func(reference string) error {
		if reference == id(stuck) {
			return jammed
		}
		return nil
	}
	expired, err := s.Expire(t.Context())
	require.ErrorIs(t, err, jammed)
	require.ErrorContains(t, err, id(stuck))
	assert.Equal(t, 110, expired)
	s.stock.release = nil
	expired, err = s.Expire(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, expired)

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Expire(ended)
	require.ErrorIs(t, err, context.Canceled)
}

func TestCancelingWhatIsPaidGivesTheMoneyBack(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		s := open(t, m)
		made := s.place(tea, 1)
		s.customer().Do("POST", path(made, "pay"), `{"method":"card"}`).Must(200)
		canceled := s.customer().Do("POST", path(made, "cancel"), `{"reason":"changed my mind"}`).Must(200).JSON()
		assert.Equal(t, "refunding", canceled["payment_status"])
		assert.Equal(t, "released", s.stock.of(id(made)))
		s.work()
		s.becomes(made, "canceled refunded")
		assert.Zero(t, s.till.has(id(made)))
	})
}

func TestWhatIsShippedIsNotCanceled(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.place(tea, 1)
	s.customer().Do("POST", path(made, "pay"), `{"method":"card"}`).Must(200)
	s.Do("POST", path(made, "ship"), "").Must(200)
	s.customer().Do("POST", path(made, "cancel"), "").Must(http.StatusConflict)
	assert.Equal(t, "shipped captured", s.status(made))
	assert.Equal(t, int64(1299), s.till.has(id(made)))
}

func TestAStockThatFailsLeavesTheOrderAsItWas(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.place(tea, 1)
	s.customer().Do("POST", path(made, "pay"), `{"method":"card"}`).Must(200)
	s.stock.commit = func(string) error { return errors.New("the door is jammed") }
	s.Do("POST", path(made, "ship"), "").Must(http.StatusInternalServerError)
	s.stock.release = func(string) error { return errors.New("the door is jammed") }
	s.Do("POST", path(made, "cancel"), "").Must(http.StatusInternalServerError)
	assert.Equal(t, "paid captured", s.status(made))
}
