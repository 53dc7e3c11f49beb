-- text, number
MERGE INTO analytics_orders USING (SELECT :1 AS order_id,:2 AS paid_at FROM DUAL) excluded ON (analytics_orders.order_id = excluded.order_id) WHEN NOT MATCHED THEN INSERT (order_id,paid_at) VALUES (excluded.order_id,excluded.paid_at)
