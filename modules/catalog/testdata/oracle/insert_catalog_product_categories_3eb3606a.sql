-- text, text, text, text
INSERT ALL INTO catalog_product_categories (product_id,category_id) VALUES (:1,:2) INTO catalog_product_categories (product_id,category_id) VALUES (:3,:4) SELECT 1 FROM DUAL
