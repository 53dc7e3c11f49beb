-- text, text, number
SELECT queue_jobs.seq,queue_jobs.order_key,queue_jobs.due_at,queue_jobs.owner FROM queue_jobs WHERE queue = :1 AND order_key = :2 ORDER BY seq FETCH NEXT :3 ROWS ONLY
