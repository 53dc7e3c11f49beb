-- timestamp, text, text
UPDATE catalog_products SET updated_at=:1,version=version + 1 WHERE id IN (:2,:3) AND deleted_at = 0
