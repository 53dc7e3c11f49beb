// Package cache is a typed read-through cache in two layers: the memory of the process, and Redis, which all processes
// share.
//
//	store, err := cache.Open(cfg.Cache, client, clock, logger) // connects nothing; client may be nil
//	err = store.Start(ctx)
//	defer store.Close(ctx)
//
//	products := cache.New[Product](store, cache.Options{Name: "catalog.product", NotFound: ErrNotFound})
//	product, err := products.Get(ctx, id, func(ctx context.Context) (Product, error) { return repo.Product(ctx, id) })
//
//	err = db.InTx(ctx, func(ctx context.Context) error {
//		products.Invalidate(ctx, id) // once it is committed
//		return repo.Save(ctx, product)
//	})
//
// A key is loaded once at a time in a process, whoever waits, and with Options.Wait once at a time in all processes.
// That a value does not exist is remembered too, for NegativeTTL. A value past its TTL is served while it is loaded anew (StaleFor), and
// when it cannot be loaded (StaleIfError); one that was invalidated is never served.
//
// # Coherence
//
// There is one rule in both layers: an entry is valid while the marks stand that were taken before its load began. To
// invalidate is to move the marks; nothing has to be found, locked or waited for, and a load that is under way when its
// key is invalidated stores what nobody will find.
//
//   - In the process the marks are counters, chosen by the hash of the key and of each tag. An entry has the counts that
//     were seen before the load, and so has a load that others join.
//   - In Redis the mark of a key is a random token beside its value, and that of a tag a random generation. Whoever loads
//     takes them first, making those that are missing. A value is stored only beside the token that was taken, and with
//     the generations that were; a reader compares those with the present ones. To invalidate is to delete: what comes
//     instead is never the same again.
//
// An invalidation deletes in Redis, then moves the counters of its own process, and tells the others, who move theirs.
// It does so after the commit, also when the commit's answer got lost. So with a load that sees what is committed:
//
//   - In the process that invalidates, no read that begins after Invalidate returned (or the transaction did) gets an
//     older value.
//   - In another process, none does that begins after it was told, which is as fast as Redis is.
//   - A process that cannot hear the others drops all it holds, does not read Redis, and holds entries no longer than
//     BlindTTL until it hears them again.
//   - An invalidation that Redis could not be told of is remembered and told later, until when its process does not read
//     Redis. Too many to remember become one of everything.
//   - When Redis was started again or replaced by another, which may have an old state, its entries are dropped before
//     they are read.
//
// Between a commit and its invalidation readers may get either value, also the older one after somebody got the newer.
//
// Three things are left to the TTL: a process that dies between a commit and telling Redis; what others read in Redis
// while one process alone is cut off from it; and invalidations that Redis lost in a failover of one node of a cluster.
//
// A read within a transaction passes the cache by and stores nothing: it may see what is never committed.
package cache
