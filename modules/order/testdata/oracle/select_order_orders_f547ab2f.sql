-- text, number
SELECT * FROM order_orders WHERE status = :1 ORDER BY order_orders.placed_at,order_orders.id FETCH NEXT :2 ROWS ONLY
