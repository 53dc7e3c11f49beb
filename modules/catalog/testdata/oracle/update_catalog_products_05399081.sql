-- text, text, text, text, number, text, number, number, timestamp, text, number
UPDATE catalog_products SET sku=:1,name=:2,name_folded=:3,description=:4,price_cents=:5,currency=:6,active=:7,version=:8,updated_at=:9 WHERE (id = :10 AND version = :11) AND deleted_at = 0
