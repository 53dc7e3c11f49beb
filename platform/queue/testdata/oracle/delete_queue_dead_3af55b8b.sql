-- text, text
DELETE FROM queue_dead WHERE queue = :1 AND id = :2
