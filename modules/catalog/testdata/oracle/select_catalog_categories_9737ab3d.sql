-- text, number
SELECT * FROM catalog_categories WHERE id = :1 AND ROWNUM <= :2 FOR UPDATE WAIT 10
