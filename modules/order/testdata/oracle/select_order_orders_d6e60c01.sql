-- text, timestamp, text, number
SELECT id FROM order_orders WHERE status = :1 AND expires_at <= :2 AND id > :3 ORDER BY id FETCH NEXT :4 ROWS ONLY
