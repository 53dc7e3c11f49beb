-- number, number, number, text
DELETE FROM queue_jobs WHERE seq IN (:1,:2,:3) AND owner = :4
