-- text, number
SELECT * FROM webhook_deliveries WHERE id = :1 FETCH NEXT :2 ROWS ONLY
