-- text, text, text, number, number, number
MERGE INTO analytics_products USING (SELECT :1 AS id,:2 AS sku,:3 AS name,:4 AS active,:5 AS deleted,:6 AS version FROM DUAL) excluded ON (analytics_products.id = excluded.id) WHEN NOT MATCHED THEN INSERT (id,sku,name,active,deleted,version) VALUES (excluded.id,excluded.sku,excluded.name,excluded.active,excluded.deleted,excluded.version)
