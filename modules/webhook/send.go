package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/crypto"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/httpclient"
	"github.com/trellis-go/trellis/platform/queue"
)

const (
	queueName = "webhook"
	userAgent = "Trellis-Webhooks/1.0"
)

// pause is how long to wait for what is no fault of this delivery and counts as no attempt: the database or the program
// fails, its webhook has enough to do, or is left alone. It grows, since there may be many that wait for the same.
var pause = backoff.Exponential{First: time.Second, Last: time.Minute}

// errAgain is the outcome of a job whose delivery is to be tried again.
var errAgain = errors.New("the delivery is tried again later")

// Sender carries out deliveries.
type Sender struct {
	cfg    Config
	repo   *Repository
	ring   *crypto.Ring
	client *httpclient.Client
	guard  httpclient.Guard
	queue  *queue.Queue
	now    clock.Clock
	logger *slog.Logger
	busy   slots
}

// NewSender makes the sender.
func NewSender(
	cfg Config, repo *Repository, ring *crypto.Ring, metrics *httpclient.Metrics, now clock.Clock, logger *slog.Logger,
) (*Sender, error) {
	guard, err := cfg.guard()
	if err != nil {
		return nil, err
	}
	limits := httpclient.Config{
		Timeout: cfg.Timeout, AttemptTimeout: cfg.Timeout, Attempts: 1, MaxBody: maxResponse, Clip: true,
		OpenFor:        max(cfg.FirstRetry, time.Millisecond),
		MaxConnections: cfg.Concurrency, // to one host: no webhook waits there for another one's answer
	}
	return &Sender{
		cfg: cfg, repo: repo, ring: ring, client: httpclient.New("webhook", limits, metrics, guard), guard: guard,
		queue: queue.New(repo.DB, now, logger), now: now, logger: logger,
		busy: slots{limit: cfg.PerWebhook, taken: map[string]int{}},
	}, nil
}

// worker carries out the jobs of the queue. They count their attempts themselves.
func (s *Sender) worker() *queue.Worker {
	return s.queue.Worker(queueName, s.carryOut, queue.Options{
		Concurrency: s.cfg.Concurrency, Attempts: math.MaxInt32, Backoff: pause, Timeout: s.cfg.Timeout + time.Minute,
	})
}

func (s *Sender) carryOut(ctx context.Context, job queue.Job) error {
	wait, err := s.deliver(database.Fresh(ctx), string(job.Payload), job.Attempt)
	switch {
	case err != nil:
		return queue.Later(pause.After(job.Attempt), err)
	case wait > 0:
		return queue.Later(wait, errAgain)
	default:
		return nil
	}
}

// deliver tries a delivery once, when its job comes for the times-th time, and says when to come again: 0 when it has come
// to its end. The error is never that of the receiver.
func (s *Sender) deliver(ctx context.Context, deliveryID string, times int) (wait time.Duration, err error) {
	delivery, err := s.repo.Delivery(ctx, deliveryID)
	if err != nil || delivery.State != Pending {
		return 0, ignoreGone(err)
	}
	if early := delivery.NextAt.Sub(s.now()); early > 0 { // a process died after it had noted this attempt
		return early, nil
	}
	w, err := s.repo.Webhook(ctx, delivery.WebhookID)
	switch {
	case err != nil && !errors.Is(err, ErrWebhookNotFound):
		return 0, err
	case err != nil || !w.Active:
		return 0, s.giveUp(ctx, deliveryID)
	case !s.busy.take(w.ID):
		return pause.After(times), nil
	}
	defer s.busy.giveBack(w.ID)
	attempt, err := s.send(ctx, w, delivery)
	switch {
	case errors.Is(err, httpclient.ErrOpen):
		return max(pause.After(times), backoff.Jitter(2*s.cfg.FirstRetry)), nil
	case err != nil:
		return 0, err
	default:
		return s.settle(ctx, w.ID, attempt)
	}
}

// outcome is what came of an attempt.
type outcome struct {
	Attempt
	url        string        // what was called: the webhook may have another one by now
	retryAfter time.Duration // what the receiver asked for
}

func (o *outcome) ok() bool { return o.Status >= 200 && o.Status < 300 }

// send makes an attempt. The error is ErrOpen, or that of the end of ctx, or of the secret: nothing is to be noted then.
func (s *Sender) send(ctx context.Context, w *Webhook, d *Delivery) (*outcome, error) {
	at := s.now()
	request, err := s.request(httpclient.WithCircuit(ctx, w.ID), w, d, at)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	response, err := s.client.Do(request)
	if err != nil && (ctx.Err() != nil || errors.Is(err, httpclient.ErrOpen)) {
		return nil, err
	}
	made := &outcome{url: w.URL, Attempt: Attempt{DeliveryID: d.ID, StartedAt: at, DurationMS: time.Since(began).Milliseconds()}}
	if err != nil {
		made.Error = database.Clip(err.Error(), maxError)
		return made, nil
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer of the webhook %s: %w", w.ID, err)
	}
	made.Status, made.Response = response.StatusCode, database.Clip(string(text), maxResponse)
	if !made.ok() {
		made.Error = database.Clip("the answer was "+response.Status, maxError)
	}
	made.retryAfter = httpclient.RetryAfter(response)
	return made, nil
}

// request is the delivery as it is sent at a time.
func (s *Sender) request(ctx context.Context, w *Webhook, d *Delivery, at time.Time) (*http.Request, error) {
	signatures, err := s.signatures(w, d, at)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(d.Body))
	if err != nil {
		return nil, fmt.Errorf("make a request of the delivery %s: %w", d.ID, err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("Webhook-Id", d.EventID)
	request.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	request.Header.Set("Webhook-Signature", signatures)
	return request, nil
}

// signatures are that of the secret and those of the ones before, while they count.
func (s *Sender) signatures(w *Webhook, d *Delivery, at time.Time) (string, error) {
	sealed := []string{w.Secret}
	if w.overlaps(at) {
		sealed = append(sealed, w.OldSecret)
	}
	var signed []string
	for _, one := range sealed {
		secrets, err := s.ring.Open(one, w.purpose())
		if err != nil {
			return "", fmt.Errorf("sign for the webhook %s: %w", w.ID, err)
		}
		for _, secret := range strings.Fields(string(secrets)) {
			signature, err := sign(secret, d.EventID, at, d.Body)
			if err != nil {
				return "", fmt.Errorf("sign for the webhook %s: %w", w.ID, err)
			}
			signed = append(signed, signature)
		}
	}
	return strings.Join(signed, " "), nil
}

// slots bounds how much is under way to each webhook in this process.
type slots struct {
	limit int

	mu    sync.Mutex
	taken map[string]int
}

func (s *slots) take(webhookID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[webhookID] >= s.limit {
		return false
	}
	s.taken[webhookID]++
	return true
}

func (s *slots) giveBack(webhookID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[webhookID]--; s.taken[webhookID] == 0 {
		delete(s.taken, webhookID)
	}
}
