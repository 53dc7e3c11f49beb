-- text, text, text
SELECT * FROM catalog_products WHERE sku IN (:1,:2,:3) AND deleted_at = 0 FOR UPDATE WAIT 10
