-- text, number
DELETE FROM idempotency_keys WHERE id IN (:1) AND until <= :2
