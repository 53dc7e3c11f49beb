-- text, text, text, text, clob, number, text, number, number, timestamp, timestamp, number
INSERT INTO catalog_products (id,sku,name,name_folded,description,price_cents,currency,active,version,created_at,updated_at,deleted_at) VALUES (:1,:2,:3,:4,:5,:6,:7,:8,:9,:10,:11,:12)
