-- text, timestamp, timestamp, text, number
SELECT * FROM order_orders WHERE customer_id = :1 AND (order_orders.placed_at >= :2 AND (order_orders.placed_at > :3 OR order_orders.id > :4)) ORDER BY order_orders.placed_at,order_orders.id FETCH NEXT :5 ROWS ONLY
