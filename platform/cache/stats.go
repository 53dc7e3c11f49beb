package cache

import "sync/atomic"

// stats counts what a store does.
type stats struct {
	evictions     atomic.Uint64 // entries that left the process for others
	redisErrors   atomic.Uint64 // exchanges with Redis that failed
	invalidations atomic.Uint64 // that this process began
	notices       atomic.Uint64 // of invalidations that others began
	replays       atomic.Uint64 // invalidations that Redis was told of later
	losses        atomic.Uint64 // of the subscription
}

// counts counts what one cache does.
type counts struct {
	local, shared   atomic.Uint64 // reads that the process or Redis answered
	loads, failures atomic.Uint64 // of the load function; failures are among the loads
	joined          atomic.Uint64 // reads that waited for a load of another
	stale           atomic.Uint64 // reads answered with a value past its TTL while it was loaded anew
	spare           atomic.Uint64 // reads answered with a value past its TTL because it could not be loaded
	bypassed        atomic.Uint64 // reads inside a transaction, or with the cache turned off
}
