-- text
DELETE FROM webhook_webhooks WHERE id = :1
