package crypto

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/problem"
)

// Argon2 is the section crypto.argon2: what one hash costs. Hashes carry their own parameters, so that those made before
// a change stay valid; Match.Stale finds them.
type Argon2 struct {
	Memory      config.Size `validate:"min=19922944,max=1073741824"` // of one hash, from 19 MiB on, in whole KiB
	Iterations  uint32      `validate:"min=2,max=64"`                // passes over it
	Parallelism uint8       `validate:"min=1,max=16"`                // threads of one hash
	Concurrent  int         `validate:"min=0,max=256"`               // hashes at once; 0: one for each processor
	Waiting     int         `validate:"min=1,max=10000"`             // callers that may wait for their turn; others are refused
}

const (
	saltBytes = 16
	keyBytes  = 32

	// What is accepted in a stored hash: more could not have been written by us, and would be an attack on our memory.
	maxMemoryKiB  = 1 << 20
	maxIterations = 64
	maxLanes      = 16
	maxBytes      = 128
)

// kib is the memory in the unit of the algorithm.
func (c Argon2) kib() uint32 { return uint32(min(c.Memory/config.KiB, maxMemoryKiB)) } //nolint:gosec // fits

// ErrHash is a stored hash that cannot be read.
var ErrHash = errors.New("it is not an Argon2id hash in PHC format")

// Passwords hashes passwords with Argon2id. One hash takes its memory and a processor for tens of milliseconds, so only
// so many run at once, and only so many callers wait. It is safe for concurrent use.
type Passwords struct {
	cfg     Argon2
	running chan struct{}
	entered chan struct{} // running or waiting
	decoy   string
}

// NewPasswords makes a hasher.
func NewPasswords(cfg Argon2) *Passwords {
	if cfg.Concurrent == 0 {
		cfg.Concurrent = runtime.GOMAXPROCS(0)
	}
	p := &Passwords{
		cfg:     cfg,
		running: make(chan struct{}, cfg.Concurrent),
		entered: make(chan struct{}, cfg.Concurrent+cfg.Waiting),
	}
	p.decoy = phc{cfg.kib(), cfg.Iterations, cfg.Parallelism, random(saltBytes), random(keyBytes)}.String()
	return p
}

// Hash is the password's hash in PHC format, with a salt of its own: $argon2id$v=19$m=19456,t=2,p=1$salt$hash. The whole
// password counts, whatever its length. The error is problem.Unavailable when too many wait already, or that of ctx.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	made := phc{p.cfg.kib(), p.cfg.Iterations, p.cfg.Parallelism, random(saltBytes), make([]byte, keyBytes)}
	key, err := p.derive(ctx, password, made)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	made.key = key
	return made.String(), nil
}

// Match is what Verify found.
type Match struct {
	OK    bool // it is the password
	Stale bool // it is, and the hash was made with weaker parameters than those in force: hash the password again
}

// Verify compares a password with a stored hash. An empty hash takes as long as any other and never matches: give it
// for a user who does not exist, so that nobody can tell by the time. The errors are those of Hash, and ErrHash.
func (p *Passwords) Verify(ctx context.Context, hash, password string) (Match, error) {
	unknown := hash == ""
	if unknown {
		hash = p.decoy
	}
	stored, err := parsePHC(hash)
	if err != nil {
		return Match{}, err
	}
	key, err := p.derive(ctx, password, stored)
	if err != nil {
		return Match{}, fmt.Errorf("verify a password: %w", err)
	}
	ok := subtle.ConstantTimeCompare(key, stored.key) == 1 && !unknown
	return Match{OK: ok, Stale: ok && p.stale(stored)}, nil
}

func (p *Passwords) stale(h phc) bool {
	return h.memory < p.cfg.kib() || h.iterations < p.cfg.Iterations || h.lanes != p.cfg.Parallelism ||
		len(h.salt) < saltBytes || len(h.key) < keyBytes
}

// derive computes the key of h when it is the caller's turn.
func (p *Passwords) derive(ctx context.Context, password string, h phc) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case p.entered <- struct{}{}:
		defer func() { <-p.entered }()
	default:
		return nil, problem.Unavailable.New("too many passwords are being checked at this moment").After(time.Second)
	}
	select {
	case p.running <- struct{}{}:
		defer func() { <-p.running }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), h.salt, h.iterations, h.memory, h.lanes, uint32(len(h.key))), nil //nolint:gosec // at most maxBytes
}

// phc is a hash with its parameters.
type phc struct {
	memory     uint32
	iterations uint32
	lanes      uint8
	salt, key  []byte
}

// String is the hash in the PHC string format.
func (h phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.iterations, h.lanes,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.key))
}

func parsePHC(text string) (phc, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, ErrHash
	}
	params := strings.Split(parts[3], ",")
	if len(params) != 3 {
		return phc{}, ErrHash
	}
	memory, errM := number(params[0], "m=", maxMemoryKiB)
	iterations, errT := number(params[1], "t=", maxIterations)
	lanes, errP := number(params[2], "p=", maxLanes)
	salt, errSalt := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	key, errKey := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if errors.Join(errM, errT, errP, errSalt, errKey) != nil {
		return phc{}, ErrHash
	}
	if len(salt) < 8 || len(salt) > maxBytes || len(key) < 16 || len(key) > maxBytes || memory < 8*lanes {
		return phc{}, ErrHash
	}
	return phc{memory, iterations, uint8(min(lanes, math.MaxUint8)), salt, key}, nil
}

// number reads a parameter from 1 to limit, in the one way that we write it.
func number(text, prefix string, limit uint32) (uint32, error) {
	digits, found := strings.CutPrefix(text, prefix)
	value, err := strconv.ParseUint(digits, 10, 32)
	if !found || err != nil || value < 1 || value > uint64(limit) || digits != strconv.FormatUint(value, 10) {
		return 0, ErrHash
	}
	return uint32(value), nil
}

func random(n int) []byte {
	raw := make([]byte, n)
	_, _ = rand.Read(raw)
	return raw
}
