-- number, number
SELECT order_id FROM analytics_orders WHERE paid_at < :1 ORDER BY paid_at FETCH NEXT :2 ROWS ONLY
