-- text, text, number
SELECT * FROM order_orders WHERE customer_id = :1 AND status = :2 ORDER BY order_orders.placed_at,order_orders.id FETCH NEXT :3 ROWS ONLY
