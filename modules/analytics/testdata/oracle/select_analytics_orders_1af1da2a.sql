-- text, number
SELECT * FROM analytics_orders WHERE order_id = :1 FETCH NEXT :2 ROWS ONLY
