-- text, number
SELECT * FROM inventory_reservations WHERE reference = :1 AND ROWNUM <= :2 FOR UPDATE WAIT 10
