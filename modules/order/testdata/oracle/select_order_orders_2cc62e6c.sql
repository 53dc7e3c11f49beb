-- timestamp, timestamp, text, number
SELECT * FROM order_orders WHERE order_orders.placed_at <= :1 AND (order_orders.placed_at < :2 OR order_orders.id < :3) ORDER BY order_orders.placed_at DESC,order_orders.id DESC FETCH NEXT :4 ROWS ONLY
