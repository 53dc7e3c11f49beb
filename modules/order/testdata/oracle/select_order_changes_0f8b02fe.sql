-- text, number
SELECT * FROM order_changes WHERE order_id = :1 ORDER BY order_changes.created_at,order_changes.id FETCH NEXT :2 ROWS ONLY
