-- number
SELECT * FROM queue_jobs WHERE seq IN (:1) ORDER BY seq
