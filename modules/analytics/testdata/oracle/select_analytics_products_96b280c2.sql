-- text
SELECT * FROM analytics_products WHERE id IN (:1)
