-- text, number
SELECT * FROM catalog_products WHERE id = :1 AND deleted_at = 0 FETCH NEXT :2 ROWS ONLY
