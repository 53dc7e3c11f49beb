-- text, text, number
DELETE FROM idempotency_keys WHERE id = :1 AND run = :2 AND status = :3
