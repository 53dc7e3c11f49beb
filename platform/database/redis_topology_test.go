//go:build integration

package database_test

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

// plain is a client of one server, beside the one that is tested.
func plain(t *testing.T, addr string) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

func hostPort(t *testing.T, addr string) (host, port string) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	return host, port
}

func TestBehindSentinelsAnotherMasterIsFoundWhenTheOldOneDies(t *testing.T) {
	master := testkit.StartRedis(t)
	host, port := hostPort(t, master.Addr)
	replica := testkit.StartRedis(t, "--replicaof", host+" "+port)
	sentinel := testkit.StartSentinel(t, fmt.Sprintf("sentinel monitor main %s %s 1\n"+
		"sentinel down-after-milliseconds main 200\nsentinel failover-timeout main 2000\n", host, port))
	_, deaf := hostPort(t, testkit.FreeAddress(t))
	follower := plain(t, replica.Addr)
	watcher := redis.NewSentinelClient(&redis.Options{Addr: sentinel.Addr})
	t.Cleanup(func() { require.NoError(t, watcher.Close()) })
	require.Eventually(t, func() bool {
		known, err := watcher.Replicas(t.Context(), "main").Result()
		return err == nil && len(known) == 1 &&
			strings.Contains(follower.Info(t.Context(), "replication").Val(), "master_link_status:up")
	}, 30*time.Second, 20*time.Millisecond, "the sentinel has found the replica")

	// The first sentinel does not answer; the second knows.
	cfg := database.Config{Driver: "redis", Required: true,
		DSN: config.DSN("redis://127.0.0.1:" + deaf + "/2?master_name=main&addr=" + sentinel.Addr)}
	r := redisOf(t, testkit.Start(t, database.Configs{"redis": cfg}))
	require.NoError(t, r.Client().Set(t.Context(), "a", "1", 0).Err())
	require.Eventually(t, func() bool { return strings.Contains(follower.Info(t.Context(), "keyspace").Val(), "db2:keys=1") },
		10*time.Second, time.Millisecond, "the replica has it")

	master.Kill()
	require.Eventually(t, func() bool { return r.Client().Set(t.Context(), "b", "2", 0).Err() == nil }, 30*time.Second, 10*time.Millisecond)
	assert.NoError(t, r.Ping(t.Context()))
	assert.Equal(t, "1", r.Client().Get(t.Context(), "a").Val())
	assert.Contains(t, follower.Info(t.Context(), "keyspace").Val(), "db2:keys=2")
}

// slots of a cluster, shared out among its masters.
const slots = 16384

// startCluster starts a cluster of masters and waits until all of them agree.
func startCluster(t *testing.T, size int) []*testkit.RedisProcess {
	t.Helper()
	var nodes []*testkit.RedisProcess
	var bus []string
	for range size {
		_, port := hostPort(t, testkit.FreeAddress(t))
		bus = append(bus, port)
		nodes = append(nodes, testkit.StartRedis(t, "--cluster-enabled", "yes", "--cluster-port", port,
			"--cluster-node-timeout", "1000"))
	}
	for i, node := range nodes {
		client := plain(t, node.Addr)
		require.NoError(t, client.Do(t.Context(), "CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1)).Err())
		require.NoError(t, client.ClusterAddSlotsRange(t.Context(), slots*i/size, slots*(i+1)/size-1).Err())
	}
	for i, node := range nodes { // only now: a node that has met others takes no epoch any more
		client := plain(t, node.Addr)
		for j, other := range nodes {
			host, port := hostPort(t, other.Addr)
			if i != j {
				require.NoError(t, client.Do(t.Context(), "CLUSTER", "MEET", host, port, bus[j]).Err())
			}
		}
	}
	for _, node := range nodes {
		client := plain(t, node.Addr)
		require.Eventually(t, func() bool {
			info := client.ClusterInfo(t.Context()).Val()
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:"+strconv.Itoa(size))
		}, 30*time.Second, 20*time.Millisecond)
	}
	return nodes
}

func TestInAClusterEveryKeyIsFoundOnItsNode(t *testing.T) {
	nodes := startCluster(t, 3)
	_, deaf := hostPort(t, testkit.FreeAddress(t))
	cfg := database.Config{Driver: "redis", Required: true,
		DSN: config.DSN("redis://127.0.0.1:" + deaf + "?cluster=true&addr=" + nodes[1].Addr)}
	r := redisOf(t, testkit.Start(t, database.Configs{"redis": cfg}))
	for i := range 100 {
		require.NoError(t, r.Client().Set(t.Context(), strconv.Itoa(i), i, 0).Err())
	}
	for i := range 100 {
		assert.Equal(t, strconv.Itoa(i), r.Client().Get(t.Context(), strconv.Itoa(i)).Val())
	}
	for _, node := range nodes {
		assert.Positive(t, plain(t, node.Addr).DBSize(t.Context()).Val(), "each has a part")
	}
	assert.GreaterOrEqual(t, r.Stats()[0].OpenConnections, 3, "of all nodes")

	nodes[2].Kill()
	short, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	assert.Error(t, r.Ping(short), "a part of the keys is gone")
	nodes[2].Start(t)
	require.Eventually(t, func() bool { return r.Ping(t.Context()) == nil }, 30*time.Second, 20*time.Millisecond)
}
