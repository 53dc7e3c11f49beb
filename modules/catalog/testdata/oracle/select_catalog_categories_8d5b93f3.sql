-- number
SELECT * FROM catalog_categories ORDER BY catalog_categories.name_folded DESC,catalog_categories.id DESC FETCH NEXT :1 ROWS ONLY
