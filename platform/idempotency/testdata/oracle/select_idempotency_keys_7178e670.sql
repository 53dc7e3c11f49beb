-- number, number
SELECT id FROM idempotency_keys WHERE until <= :1 ORDER BY until FETCH NEXT :2 ROWS ONLY
