-- text, number, number, number
SELECT queue_jobs.seq,queue_jobs.order_key,queue_jobs.due_at,queue_jobs.owner FROM queue_jobs WHERE queue = :1 AND priority = :2 AND due_at <= :3 ORDER BY due_at, seq FETCH NEXT :4 ROWS ONLY
