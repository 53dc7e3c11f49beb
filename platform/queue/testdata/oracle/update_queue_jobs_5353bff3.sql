-- text, number, text
UPDATE queue_jobs SET owner = :1, due_at = :2 WHERE id = :3
