-- number, text
DELETE FROM queue_jobs WHERE seq = :1 AND owner = :2
