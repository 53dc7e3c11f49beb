-- number
SELECT * FROM order_orders ORDER BY order_orders.placed_at DESC,order_orders.id DESC FETCH NEXT :1 ROWS ONLY
