-- number, number, text
SELECT queue_jobs.seq,queue_jobs.order_key,queue_jobs.due_at,queue_jobs.owner FROM queue_jobs WHERE seq IN (:1,:2) AND owner IN (:3)
