-- text, number
SELECT * FROM catalog_categories WHERE id = :1 FETCH NEXT :2 ROWS ONLY
