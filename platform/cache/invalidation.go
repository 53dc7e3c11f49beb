package cache

import (
	"encoding/json"
	"slices"
	"sync"
)

// tagScope is the scope of tags beside the names of caches, which are not empty.
const tagScope = ""

// target is an entry of a cache, or a tag.
type target struct {
	Scope string `json:"s,omitempty"` // the cache's name, tagScope
	Name  string `json:"n"`           // the key, or the tag
}

// invalidation is what does not hold any more: some targets, or everything.
type invalidation struct {
	Origin  string   `json:"o"` // the process that has seen to itself already
	All     bool     `json:"a,omitempty"`
	Targets []target `json:"t,omitempty"`
}

func (i invalidation) encode() string {
	text, _ := json.Marshal(i) // strings always marshal
	return string(text)
}

func decodeInvalidation(text string) (invalidation, error) {
	var i invalidation
	err := json.Unmarshal([]byte(text), &i)
	return i, err
}

// maxPending is how many targets are remembered one by one; beyond that it is everything.
const maxPending = 10_000

// pending remembers the invalidations that Redis could not be told of.
type pending struct {
	mu      sync.Mutex
	all     bool
	targets map[target]struct{}
	taken   int // how many Redis is being told of
}

// add remembers an invalidation.
func (p *pending) add(inv invalidation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = p.all || inv.All || len(p.targets)+len(inv.Targets) > maxPending
	if p.all {
		p.targets = nil
		return
	}
	if p.targets == nil {
		p.targets = map[target]struct{}{}
	}
	for _, t := range inv.Targets {
		p.targets[t] = struct{}{}
	}
}

// empty tells whether Redis knows everything.
func (p *pending) empty() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken+p.rest() == 0
}

// size is how many targets Redis does not know of, maxPending when it is everything.
func (p *pending) size() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken + p.rest()
}

func (p *pending) rest() int {
	if p.all {
		return maxPending
	}
	return len(p.targets)
}

// take gives all that is remembered to somebody who calls done with it afterwards. There is nothing for a second one.
func (p *pending) take() (inv invalidation, some bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken > 0 || p.rest() == 0 {
		return inv, false
	}
	inv.All = p.all
	for t := range p.targets {
		inv.Targets = append(inv.Targets, t)
	}
	p.taken, p.all, p.targets = p.rest(), false, nil
	return inv, true
}

// done ends what take began; what Redis was not told of is remembered again.
func (p *pending) done(inv invalidation, told bool) {
	if !told {
		p.add(inv)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken = 0
}

func targets(scope string, names []string) []target {
	all := make([]target, 0, len(names))
	for _, name := range names {
		all = append(all, target{scope, name})
	}
	return slices.Clip(all)
}
