-- number, number, number
SELECT * FROM catalog_products WHERE deleted_at = 0 AND price_cents >= :1 AND price_cents <= :2 ORDER BY catalog_products.name_folded,catalog_products.id FETCH NEXT :3 ROWS ONLY
