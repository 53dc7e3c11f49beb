-- text, text
INSERT INTO catalog_product_categories (product_id,category_id) VALUES (:1,:2)
