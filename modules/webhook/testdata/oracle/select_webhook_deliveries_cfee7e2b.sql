-- text, number
SELECT * FROM webhook_deliveries WHERE id = :1 AND ROWNUM <= :2 FOR UPDATE WAIT 10
