-- text, text, number
SELECT * FROM queue_dead WHERE queue = :1 AND id = :2 FETCH NEXT :3 ROWS ONLY
