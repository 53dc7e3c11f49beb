-- number, number, text, number
SELECT * FROM catalog_products WHERE deleted_at = 0 AND (catalog_products.price_cents >= :1 AND (catalog_products.price_cents > :2 OR catalog_products.id > :3)) ORDER BY catalog_products.price_cents,catalog_products.id FETCH NEXT :4 ROWS ONLY
