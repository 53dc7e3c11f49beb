-- text, number
SELECT * FROM webhook_webhooks WHERE id = :1 AND ROWNUM <= :2 FOR UPDATE WAIT 10
