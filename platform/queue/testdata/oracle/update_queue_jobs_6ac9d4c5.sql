-- number, text, null, number, text
UPDATE queue_jobs SET attempt=attempt - 1,due_at=:1,last_error=:2,owner=:3 WHERE seq IN (:4) AND owner = :5
