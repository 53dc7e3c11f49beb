-- number
SELECT * FROM catalog_products WHERE deleted_at = 0 ORDER BY catalog_products.name_folded DESC,catalog_products.id DESC FETCH NEXT :1 ROWS ONLY
