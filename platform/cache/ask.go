package cache

import (
	"context"
	"errors"
	"fmt"
	"time"
)

func (f *flight[T]) slot() slot {
	r := f.cache.store.remote
	s := slot{key: r.key(target{f.cache.Name, f.key}), field: f.cache.field, tags: make([]string, len(f.tags))}
	for i, tag := range f.tags {
		s.tags[i] = r.key(target{tagScope, tag})
	}
	return s
}

// ask gives the entry that Redis has and is not dead, and the claim under which a new one may be stored there.
func (f *flight[T]) ask(ctx context.Context) (*entry[T], claim) {
	if !f.cache.store.usable() {
		return nil, claim{}
	}
	slot := f.slot()
	found, claimed, err := f.cache.store.remote.read(ctx, slot)
	if err == nil && found == nil {
		found, claimed, err = f.claim(ctx, slot)
	}
	if err != nil {
		f.note(ctx, "found", err)
		return nil, claimed
	}
	return f.accept(ctx, found), claimed
}

// claim takes the marks of a load. Where it is configured it waits while another process loads the same.
func (f *flight[T]) claim(ctx context.Context, s slot) (*packed, claim, error) {
	c := f.cache
	lease := c.LoadTimeout + leaseMargin
	tagsLive := 2 * (max(c.TTL, c.NegativeTTL) + c.StaleFor + c.StaleIfError + lease)
	waiting, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		found, claimed, err := c.store.remote.mark(ctx, s, lease, tagsLive)
		if err != nil || found != nil || claimed.mine || !sleep(waiting, jittered(pause)) {
			return found, claimed, err
		}
	}
}

// accept makes an entry of what Redis has, and holds it. What cannot be read counts as absent: another program wrote it.
func (f *flight[T]) accept(ctx context.Context, found *packed) *entry[T] {
	if found == nil || found.isDead(f.cache.store.now()) {
		return nil
	}
	e := &entry[T]{times: found.times}
	if found.absent {
		e.absent = fmt.Errorf("%s: %w", f.cache.Name, f.cache.NotFound)
		if f.cache.NotFound == nil {
			return nil
		}
	} else if err := unmarshal(found.body, &e.value); err != nil {
		f.note(ctx, "read", errors.Join(errForeign, err))
		return nil
	}
	f.hold(e, len(found.body))
	return e
}

// yield gives up the lease of a load that failed, so that nobody waits for it.
func (f *flight[T]) yield(ctx context.Context, c claim) {
	if !c.mine || !f.cache.store.usable() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	f.note(ctx, "given up", f.cache.store.remote.yield(ctx, f.slot(), c))
}
