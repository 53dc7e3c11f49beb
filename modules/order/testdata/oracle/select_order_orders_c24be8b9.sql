-- text, number
SELECT * FROM order_orders WHERE id = :1 AND ROWNUM <= :2 FOR UPDATE WAIT 10
