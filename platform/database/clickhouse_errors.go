package database

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
)

// classifyClickHouse knows the numbers of the server, what proxies before it answer, and the driver's own errors.
func classifyClickHouse(err error) error {
	var (
		exception *clickhouse.Exception
		answer    *clickhouse.HTTPError
		request   *url.Error
	)
	switch {
	case errors.Is(err, clickhouse.ErrAcquireConnTimeout):
		return busy(err)
	case errors.As(err, &exception):
		return classifyException(proto.Error(exception.Code), err)
	case errors.As(err, &answer):
		return classifyStatus(answer.StatusCode, err)
	case errors.As(err, &request) && !canceled(err):
		return unavailable(err)
	default:
		return nil
	}
}

func classifyException(code proto.Error, err error) error {
	switch code {
	case proto.ErrTooManySimultaneousQueries, proto.ErrMemoryLimitExceeded, proto.ErrTooManyParts, proto.ErrNoFreeConnection,
		proto.ErrTimeoutExceeded, proto.ErrTooSlow, proto.ErrQuotaExpired, proto.ErrDeadlockAvoided, proto.ErrCannotScheduleTask,
		proto.ErrUnsatisfiedQuorumForPreviousWrite:
		return busy(err)
	case proto.ErrNetworkError, proto.ErrSocketTimeout, proto.ErrDNSError, proto.ErrAllConnectionTriesFailed,
		proto.ErrNoZookeeper, proto.ErrKeeperException, proto.ErrTableIsReadOnly, proto.ErrTooFewLiveReplicas,
		proto.ErrAborted, proto.ErrQueryWasCancelled, proto.ErrNotEnoughSpace, proto.ErrUnknownStatusOfInsert:
		return unavailable(err)
	default:
		return nil
	}
}

func classifyStatus(status int, err error) error {
	switch status {
	case http.StatusTooManyRequests:
		return busy(err)
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return unavailable(err)
	default:
		return nil
	}
}

// unsure says that a batch which was sent and failed with err, which is ErrUnavailable, may have been stored: the server
// did not say, or said that it does not know.
func unsure(err error) bool {
	var exception *clickhouse.Exception
	return !errors.As(err, &exception) || slices.Contains([]proto.Error{
		proto.ErrUnknownStatusOfInsert, proto.ErrNetworkError, proto.ErrSocketTimeout, proto.ErrAborted, proto.ErrQueryWasCancelled,
	}, proto.Error(exception.Code))
}
