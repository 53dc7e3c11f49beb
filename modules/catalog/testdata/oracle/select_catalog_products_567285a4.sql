-- number
SELECT * FROM catalog_products WHERE deleted_at = 0 ORDER BY catalog_products.name_folded,catalog_products.id FETCH NEXT :1 ROWS ONLY
