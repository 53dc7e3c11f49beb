-- number
SELECT * FROM webhook_webhooks ORDER BY webhook_webhooks.created_at,webhook_webhooks.id FETCH NEXT :1 ROWS ONLY
