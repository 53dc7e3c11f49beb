-- text, number
SELECT * FROM catalog_products WHERE (id = :1 AND deleted_at = 0) AND ROWNUM <= :2 FOR UPDATE WAIT 10
