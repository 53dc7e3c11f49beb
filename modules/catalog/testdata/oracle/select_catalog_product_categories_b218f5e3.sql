-- text, text, number
SELECT product_id FROM catalog_product_categories WHERE category_id = :1 AND product_id > :2 ORDER BY product_id FETCH NEXT :3 ROWS ONLY
