// Command load measures what the README promises, on the built server and a database of its own: how soon it answers,
// what an import of 100,000 products takes, and whether the thousandth page costs what the first does.
//
//	go build -o bin/server ./cmd/server && go run ./test/load bin/server
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	products = 100_000
	pages    = 1000
	sample   = 20 // pages at each end whose median is shown
	starts   = 5
)

// The first admin of the measured server.
const email = "admin@example.com"

var password = rand.Text()

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: load SERVER-BINARY")
		os.Exit(2)
	}
	if err := measure(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func measure(binary string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	folder, err := os.MkdirTemp("", "trellis-load-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	var took []time.Duration
	for i := range starts {
		s, elapsed, err := start(ctx, binary, filepath.Join(folder, fmt.Sprintf("start-%d.db", i)))
		if err != nil {
			return err
		}
		took = append(took, elapsed)
		if err := s.stop(); err != nil {
			return err
		}
	}
	fmt.Printf("start to first 200, database created and migrated: median %s of %d\n", median(took).Round(time.Millisecond), starts)

	s, _, err := start(ctx, binary, filepath.Join(folder, "load.db"))
	if err != nil {
		return err
	}
	return errors.Join(s.load(ctx), s.stop())
}

// server is a running process.
type server struct {
	cmd   *exec.Cmd
	url   string
	token string
}

// start gives the server and the time until its first 200.
func start(ctx context.Context, binary, dsn string) (*server, time.Duration, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, 0, err
	}
	cmd := exec.CommandContext(ctx, binary, "serve", "--env", "production", "--set", "http.addr="+address,
		"--set", "databases.primary.dsn="+dsn, "--set", "migrations.auto=true", "--set", "rate_limit.enabled=false",
		"--set", "app.drain_delay=0s", "--set", "log.level=warn", "--set", "auth.key_store="+dsn+".pem",
		"--set", "crypto.key_store="+dsn+".keys", "--set", "modules.identity.admin.email="+email)
	cmd.Env = append(os.Environ(), "TRELLIS_MODULES_IDENTITY_ADMIN_PASSWORD="+password)
	cmd.Stderr = os.Stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, 0, err
	}
	s := &server{cmd: cmd, url: "http://" + address}
	for time.Since(began) < time.Minute {
		if answer, err := http.Get(s.url + "/api/v1/products"); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return s, time.Since(began), nil
			}
		}
		time.Sleep(time.Millisecond)
	}
	return nil, 0, errors.Join(errors.New("the server does not answer"), s.stop())
}

func freeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}

func (s *server) load(ctx context.Context) error {
	if err := s.signIn(ctx); err != nil {
		return err
	}
	began := time.Now()
	answer, err := s.send(ctx, http.MethodPost, "/api/v1/products/import", "text/csv", generate())
	if err != nil {
		return err
	}
	fmt.Printf("import of %d products in one call: %s, %s: %s", products, time.Since(began).Round(time.Millisecond), s.memory(), answer)
	for _, sort := range []string{"name", "-price", "-created_at"} {
		if err := s.walk(ctx, sort); err != nil {
			return err
		}
	}
	return nil
}

// walk reads pages one after the other and compares both ends of the walk.
func (s *server) walk(ctx context.Context, sort string) error {
	var took []time.Duration
	for cursor := ""; len(took) < pages; {
		began := time.Now()
		body, err := s.send(ctx, http.MethodGet, "/api/v1/products?limit=50&sort="+sort+"&cursor="+url.QueryEscape(cursor), "", nil)
		if err != nil {
			return err
		}
		took = append(took, time.Since(began))
		var page struct {
			NextCursor string `json:"next_cursor"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return err
		}
		if cursor = page.NextCursor; cursor == "" {
			return fmt.Errorf("the list ended after %d pages", len(took))
		}
	}
	first, last := median(took[:sample]), median(took[pages-sample:])
	fmt.Printf("list by %s, pages of 50: page 1 %s, page %d %s, ratio %.2f\n",
		sort, first.Round(10*time.Microsecond), pages, last.Round(10*time.Microsecond), float64(last)/float64(first))
	return nil
}

// signIn begins a session of the first admin.
func (s *server) signIn(ctx context.Context) error {
	credentials, err := json.Marshal(map[string]string{"email": email, "password": password})
	if err != nil {
		return err
	}
	answer, err := s.send(ctx, http.MethodPost, "/api/auth/login", "application/json", bytes.NewReader(credentials))
	if err != nil {
		return err
	}
	var pair struct {
		AccessToken string `json:"access_token"`
	}
	err = json.Unmarshal(answer, &pair)
	s.token = pair.AccessToken
	return err
}

func (s *server) send(ctx context.Context, method, path, contentType string, body io.Reader) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Authorization", "Bearer "+s.token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, text)
	}
	return text, err
}

// generate writes the products as CSV, while they are read.
func generate() io.Reader {
	reader, writer := io.Pipe()
	go func() {
		out := bufio.NewWriter(writer)
		_, _ = out.WriteString("sku,name,description,price_cents,currency,active,categories\n")
		for i := range products {
			_, _ = fmt.Fprintf(out, "SKU-%06d,Product %d,\"A description, of product %d\",%d,EUR,%t,Category %d|Group %d\n",
				i, i*7919%products, i, i*104729%products, i%3 > 0, i%50, i%7)
		}
		_ = writer.CloseWithError(out.Flush())
	}()
	return reader
}

// memory is the most that the process has held, as Linux counts it.
func (s *server) memory() string {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return "memory unknown"
	}
	for line := range strings.Lines(string(status)) {
		if peak, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return "peak resident " + strings.TrimSpace(peak)
		}
	}
	return "memory unknown"
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
