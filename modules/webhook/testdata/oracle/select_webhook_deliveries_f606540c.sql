-- timestamp, text, number
SELECT id FROM webhook_deliveries WHERE created_at < :1 AND state <> :2 ORDER BY created_at FETCH NEXT :3 ROWS ONLY
