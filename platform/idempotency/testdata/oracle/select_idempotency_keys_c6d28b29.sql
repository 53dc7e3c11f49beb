-- text, number
SELECT * FROM idempotency_keys WHERE id = :1 FETCH NEXT :2 ROWS ONLY
