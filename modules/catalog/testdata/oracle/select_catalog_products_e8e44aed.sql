-- text, text, text
SELECT * FROM catalog_products WHERE id IN (:1,:2,:3) AND deleted_at = 0
