-- null, text, null, text, number, number, text, text, number
UPDATE idempotency_keys SET body=:1,fingerprint=:2,header=:3,run=:4,status=:5,until=:6 WHERE id = :7 AND run = :8 AND until = :9
