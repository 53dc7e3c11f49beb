package cache_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"slices"
	"testing"
	"time"

	gojson "github.com/goccy/go-json"
	"github.com/redis/go-redis/v9"

	"github.com/trellis-go/trellis/platform/cache"
	"github.com/trellis-go/trellis/test/testkit"
)

// article is about what modules keep.
type article struct {
	ID, SKU, Name, Folded, Description string
	Cents                              int64
	Active                             bool
	Made, Changed                      time.Time
	Groups                             []struct{ ID, Name string }
}

func anArticle(context.Context) (article, error) {
	now := newHand().now()
	return article{
		ID: "0198c2a4-7b1e-7c3a-9f10-5d2b6a8e4c01", SKU: "TEA-0001", Name: "Green tea", Folded: "green tea",
		Description: "Loose leaf, 100 g, from the first harvest of the year", Cents: 1299, Active: true, Made: now, Changed: now,
		Groups: []struct{ ID, Name string }{{"0198c2a4-7b1e-7c3a-9f10-5d2b6a8e4c02", "Tea"}, {"0198c2a4-7b1e-7c3a-9f10-5d2b6a8e4c03", "Organic"}},
	}, nil
}

func BenchmarkGetFromTheProcess(b *testing.B) {
	store, _ := alone(b, settings())
	c := cache.New[article](store, cache.Options{Name: "n", Tags: []string{"tag"}})
	get(b, c)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			get(b, c)
		}
	})
}

// onRedis is a client of the server that tests may empty.
func onRedis(b *testing.B) *redis.Client {
	b.Helper()
	options, err := redis.ParseURL(testkit.Redis(b).DSN.Reveal())
	if err != nil {
		b.Fatal(err)
	}
	options.ContextTimeoutEnabled = true
	client := redis.NewClient(options)
	b.Cleanup(func() { _ = client.Close() })
	return client
}

func BenchmarkGetFromRedis(b *testing.B) {
	cfg := settings()
	cfg.LocalTTL = time.Microsecond
	cfg.TTL = time.Hour
	for name, tags := range map[string][]string{"plain": nil, "tagged": {"tag"}} {
		b.Run(name, func(b *testing.B) {
			clock := newHand()
			c := cache.New[article](open(b, cfg, onRedis(b), clock), cache.Options{Name: "n", Tags: tags})
			get(b, c)
			b.ReportAllocs()
			for b.Loop() {
				clock.move(time.Microsecond)
				get(b, c)
			}
		})
	}
}

func BenchmarkRawRedis(b *testing.B) {
	client := onRedis(b)
	value, _ := anArticle(b.Context())
	text, err := json.Marshal(value)
	if err != nil {
		b.Fatal(err)
	}
	if err := client.Set(b.Context(), "raw", text, 0).Err(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		found, err := client.Get(b.Context(), "raw").Bytes()
		if err != nil {
			b.Fatal(err)
		}
		var back article
		if err := json.Unmarshal(found, &back); err != nil {
			b.Fatal(err)
		}
	}
}

func get(b *testing.B, c *cache.Cache[article]) {
	if got, err := c.Get(context.Background(), "a", anArticle); err != nil || got.Cents != 1299 {
		b.Fatal(got, err)
	}
}

// BenchmarkCodecs is why values are JSON, and by which library: a page of fifty, written and read.
func BenchmarkCodecs(b *testing.B) {
	one, _ := anArticle(b.Context())
	page := slices.Repeat([]article{one}, 50)
	for _, codec := range []struct {
		name      string
		marshal   func(any) ([]byte, error)
		unmarshal func([]byte, any) error
	}{
		{"json", json.Marshal, json.Unmarshal}, {"go-json", gojson.Marshal, gojson.Unmarshal},
		{"gob", func(value any) ([]byte, error) {
			var out bytes.Buffer
			err := gob.NewEncoder(&out).Encode(value)
			return out.Bytes(), err
		}, func(in []byte, value any) error { return gob.NewDecoder(bytes.NewReader(in)).Decode(value) }},
	} {
		text, err := codec.marshal(page)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("write/"+codec.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := codec.marshal(page); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("read/"+codec.name, func(b *testing.B) {
			for b.Loop() {
				var back []article
				if err := codec.unmarshal(text, &back); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
