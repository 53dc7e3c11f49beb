-- text, text
SELECT * FROM analytics_sold WHERE event_id IN (:1,:2) ORDER BY event_id, product_id
