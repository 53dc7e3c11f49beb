-- timestamp, text
UPDATE catalog_products SET updated_at=:1,version=version + 1 WHERE id IN (SELECT product_id FROM catalog_product_categories WHERE category_id = :2) AND deleted_at = 0
