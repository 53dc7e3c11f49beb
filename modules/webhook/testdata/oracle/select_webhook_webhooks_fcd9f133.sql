-- number
SELECT * FROM webhook_webhooks WHERE active = :1 ORDER BY id
