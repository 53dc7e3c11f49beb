-- text
SELECT catalog_product_categories.product_id, catalog_categories.* FROM catalog_product_categories JOIN catalog_categories ON catalog_categories.id = catalog_product_categories.category_id WHERE catalog_product_categories.product_id IN (:1) ORDER BY catalog_categories.name_folded
