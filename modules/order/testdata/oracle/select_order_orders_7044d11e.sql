-- text, text, number
SELECT id FROM order_orders WHERE payment_status = :1 AND id > :2 ORDER BY id FETCH NEXT :3 ROWS ONLY
