-- number, number
SELECT * FROM catalog_products WHERE deleted_at = 0 AND active = :1 ORDER BY catalog_products.name_folded,catalog_products.id FETCH NEXT :2 ROWS ONLY
