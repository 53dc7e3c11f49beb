package testkit

import (
	"os"
	"testing"
)

// RabbitMQVariable names the environment variable with the URL of a RabbitMQ server: amqp://guest:guest@127.0.0.1:5672/
const RabbitMQVariable = "TRELLIS_TEST_RABBITMQ_URL"

// RabbitMQ is the URL of a server. Others may be on it, too: use names of your own, and take them away again. It skips
// the test when RabbitMQVariable is not set.
func RabbitMQ(t testing.TB) string {
	t.Helper()
	url := os.Getenv(RabbitMQVariable)
	if url == "" {
		t.Skip("needs a RabbitMQ server: set " + RabbitMQVariable + ", for example to amqp://guest:guest@127.0.0.1:5672/")
	}
	return url
}
