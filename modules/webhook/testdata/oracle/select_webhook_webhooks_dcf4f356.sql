SELECT id FROM webhook_webhooks ORDER BY id
