-- timestamp, timestamp, text, number
SELECT * FROM catalog_products WHERE deleted_at = 0 AND (catalog_products.created_at <= :1 AND (catalog_products.created_at < :2 OR catalog_products.id < :3)) ORDER BY catalog_products.created_at DESC,catalog_products.id DESC FETCH NEXT :4 ROWS ONLY
