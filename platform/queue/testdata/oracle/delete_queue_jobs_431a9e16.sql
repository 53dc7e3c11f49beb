-- number, text
DELETE FROM queue_jobs WHERE seq IN (:1) AND owner = :2
