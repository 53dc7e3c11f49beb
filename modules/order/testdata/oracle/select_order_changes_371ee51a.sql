-- text, timestamp, timestamp, text, number
SELECT * FROM order_changes WHERE order_id = :1 AND (order_changes.created_at >= :2 AND (order_changes.created_at > :3 OR order_changes.id > :4)) ORDER BY order_changes.created_at,order_changes.id FETCH NEXT :5 ROWS ONLY
