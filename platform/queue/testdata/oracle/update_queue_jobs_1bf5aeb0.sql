-- number, number
UPDATE queue_jobs SET due_at=:1 WHERE seq IN (:2)
