package cache

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"reflect"
	"strconv"
	"strings"
	"time"

	json "github.com/goccy/go-json"
	"github.com/klauspost/compress/s2"
)

// Of an encoded entry, as Redis has it: one byte of flags, three times in Unix microseconds, the number of tags, the
// generation of each, and the value in JSON.
const (
	flagAbsent     = 1 << iota // there is no value
	flagCompressed             // by S2

	timesSize      = 3 * 8
	headerSize     = 1 + timesSize + 1
	generationSize = 8
	maxTags        = 255
)

var errForeign = errors.New("it was not written by this cache")

// packed is an entry as it travels.
type packed struct {
	times
	absent      bool
	generations []string // of the tags, at the time of the marks
	body        []byte   // the value in JSON
}

func (p packed) encode(compressOver int) []byte {
	var flags byte
	if p.absent {
		flags |= flagAbsent
	}
	body := p.body
	if len(body) > compressOver && compressOver > 0 {
		flags |= flagCompressed
		body = s2.Encode(nil, body)
	}
	out := make([]byte, 0, headerSize+len(p.generations)*generationSize+len(body))
	out = append(out, flags)
	for _, t := range []time.Time{p.fresh, p.stale, p.dead} {
		out = binary.BigEndian.AppendUint64(out, uint64(t.UnixMicro()))
	}
	out = append(out, byte(len(p.generations))) //nolint:gosec // a complete claim has at most maxTags
	for _, g := range p.generations {
		out = append(out, g...)
	}
	return append(out, body...)
}

func decodePacked(in []byte) (packed, error) {
	var p packed
	if len(in) < headerSize {
		return p, errForeign
	}
	moment := func(at int) time.Time {
		return time.UnixMicro(int64(binary.BigEndian.Uint64(in[at:]))).UTC() //nolint:gosec // likewise
	}
	flags, tags := in[0], int(in[headerSize-1])
	p.absent = flags&flagAbsent != 0
	p.times = times{fresh: moment(1), stale: moment(9), dead: moment(17)}
	rest := in[headerSize:]
	if len(rest) < tags*generationSize {
		return p, errForeign
	}
	for range tags {
		p.generations = append(p.generations, string(rest[:generationSize]))
		rest = rest[generationSize:]
	}
	p.body = rest
	if flags&flagCompressed == 0 {
		return p, nil
	}
	var err error
	if p.body, err = s2.Decode(nil, rest); err != nil {
		return p, fmt.Errorf("%w: %w", errForeign, err)
	}
	return p, nil
}

func marshal(value any) ([]byte, error) { return json.Marshal(value) }

func unmarshal(body []byte, value any) error { return json.Unmarshal(body, value) }

// shape names what T looks like in JSON. Programs that differ in it do not read each other's values, and still drop
// them, since all shapes of an entry are fields of one key.
func shape(t reflect.Type) string {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(describe(t, map[reflect.Type]bool{})))
	return "v" + strconv.FormatUint(hash.Sum64(), 36)
}

func describe(t reflect.Type, seen map[reflect.Type]bool) string {
	if seen[t] {
		return t.String()
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return t.Kind().String() + " " + describe(t.Elem(), seen)
	case reflect.Map:
		return "map " + describe(t.Key(), seen) + " " + describe(t.Elem(), seen)
	case reflect.Struct:
		seen[t] = true
		var fields strings.Builder
		for field := range t.Fields() {
			fields.WriteString(field.Name + " " + string(field.Tag) + " " + describe(field.Type, seen) + ";")
		}
		return t.String() + "{" + fields.String() + "}"
	default:
		return t.String() + " " + t.Kind().String()
	}
}
