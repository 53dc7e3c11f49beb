-- text
DELETE FROM catalog_product_categories WHERE product_id = :1
