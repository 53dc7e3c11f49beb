-- text, number
SELECT * FROM inventory_stocks WHERE id = :1 AND ROWNUM <= :2 FOR UPDATE WAIT 10
