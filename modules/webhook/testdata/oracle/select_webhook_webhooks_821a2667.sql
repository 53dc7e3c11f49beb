-- number
SELECT * FROM webhook_webhooks ORDER BY webhook_webhooks.created_at DESC,webhook_webhooks.id DESC FETCH NEXT :1 ROWS ONLY
