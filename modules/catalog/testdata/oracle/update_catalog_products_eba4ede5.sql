-- number, timestamp, number, text, number
UPDATE catalog_products SET deleted_at=:1,updated_at=:2,version=:3 WHERE (id = :4 AND version = :5) AND deleted_at = 0
