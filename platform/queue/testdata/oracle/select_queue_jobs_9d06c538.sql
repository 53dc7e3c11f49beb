-- number, number
SELECT * FROM queue_jobs WHERE seq IN (:1,:2) ORDER BY seq
