-- text, text, text, number, timestamp, timestamp
INSERT INTO catalog_categories (id,name,name_folded,version,created_at,updated_at) VALUES (:1,:2,:3,:4,:5,:6)
