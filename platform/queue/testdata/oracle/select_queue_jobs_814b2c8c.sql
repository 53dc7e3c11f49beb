-- number, number, number
SELECT * FROM queue_jobs WHERE seq IN (:1,:2,:3) ORDER BY seq
