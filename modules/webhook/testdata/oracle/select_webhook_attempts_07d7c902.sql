-- text
SELECT * FROM webhook_attempts WHERE delivery_id = :1 ORDER BY attempt, id
