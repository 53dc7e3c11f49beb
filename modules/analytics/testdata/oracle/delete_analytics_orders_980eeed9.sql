-- text
DELETE FROM analytics_orders WHERE order_id IN (:1)
