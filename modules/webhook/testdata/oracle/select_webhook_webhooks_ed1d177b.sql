-- timestamp, timestamp, text, number
SELECT * FROM webhook_webhooks WHERE webhook_webhooks.created_at <= :1 AND (webhook_webhooks.created_at < :2 OR webhook_webhooks.id < :3) ORDER BY webhook_webhooks.created_at DESC,webhook_webhooks.id DESC FETCH NEXT :4 ROWS ONLY
