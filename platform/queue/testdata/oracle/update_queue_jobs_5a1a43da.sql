-- text, text
UPDATE queue_jobs SET owner = :1 WHERE id = :2
