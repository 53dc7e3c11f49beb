-- number, number, text
SELECT seq FROM queue_jobs WHERE seq IN (:1,:2) AND owner = :3
