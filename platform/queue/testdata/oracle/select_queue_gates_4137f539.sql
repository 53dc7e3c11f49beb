-- text, number
SELECT * FROM queue_gates WHERE queue = :1 AND ROWNUM <= :2 FOR UPDATE WAIT 10
