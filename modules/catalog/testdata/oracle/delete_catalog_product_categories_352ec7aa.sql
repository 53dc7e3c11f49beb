-- text
DELETE FROM catalog_product_categories WHERE category_id = :1
