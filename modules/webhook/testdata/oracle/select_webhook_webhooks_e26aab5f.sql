-- text, number
SELECT * FROM webhook_webhooks WHERE id = :1 FETCH NEXT :2 ROWS ONLY
