-- text, text, text, text, text, number, timestamp, text, number
UPDATE order_orders SET status=:1,payment_status=:2,payment_ref=:3,carrier=:4,tracking=:5,version=:6,updated_at=:7 WHERE id = :8 AND version = :9
