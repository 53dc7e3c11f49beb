-- number, number, text
UPDATE queue_jobs SET due_at=:1 WHERE seq IN (:2) AND owner IN (:3)
