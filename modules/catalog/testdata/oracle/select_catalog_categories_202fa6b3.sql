-- number
SELECT * FROM catalog_categories ORDER BY catalog_categories.name_folded,catalog_categories.id FETCH NEXT :1 ROWS ONLY
