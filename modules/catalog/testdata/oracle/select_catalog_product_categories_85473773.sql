-- text, number
SELECT count(*) FROM catalog_product_categories JOIN catalog_products ON catalog_products.id = catalog_product_categories.product_id WHERE category_id = :1 AND catalog_products.deleted_at = 0 FETCH NEXT :2 ROWS ONLY
