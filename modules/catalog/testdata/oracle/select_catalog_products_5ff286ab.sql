-- text, number
SELECT * FROM catalog_products WHERE deleted_at = 0 AND catalog_products.id IN (SELECT product_id FROM catalog_product_categories JOIN catalog_categories ON catalog_categories.id = catalog_product_categories.category_id WHERE catalog_categories.name_folded = :1) ORDER BY catalog_products.name_folded,catalog_products.id FETCH NEXT :2 ROWS ONLY
