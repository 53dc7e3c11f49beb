-- text, number
SELECT * FROM order_orders WHERE id = :1 FETCH NEXT :2 ROWS ONLY
