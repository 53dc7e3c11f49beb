-- number, text, number, number, number, number
UPDATE queue_jobs SET attempt=attempt + 1,due_at=:1,owner=:2 WHERE seq IN (:3,:4,:5) AND due_at <= :6
