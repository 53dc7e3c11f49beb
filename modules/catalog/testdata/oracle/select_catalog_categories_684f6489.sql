-- text, text, text, number
SELECT * FROM catalog_categories WHERE catalog_categories.name_folded >= :1 AND (catalog_categories.name_folded > :2 OR catalog_categories.id > :3) ORDER BY catalog_categories.name_folded,catalog_categories.id FETCH NEXT :4 ROWS ONLY
