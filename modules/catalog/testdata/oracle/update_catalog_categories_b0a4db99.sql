-- text, text, number, timestamp, text, number
UPDATE catalog_categories SET name=:1,name_folded=:2,version=:3,updated_at=:4 WHERE id = :5 AND version = :6
