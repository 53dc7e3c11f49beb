-- bytes, bytes, number, number, text, text, number
UPDATE idempotency_keys SET body=:1,header=:2,status=:3,until=:4 WHERE id = :5 AND run = :6 AND status = :7
