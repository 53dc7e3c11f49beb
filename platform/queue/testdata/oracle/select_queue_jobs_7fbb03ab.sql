-- text, number, number, number, number, number, text, number
SELECT queue_jobs.seq,queue_jobs.order_key,queue_jobs.due_at,queue_jobs.owner FROM queue_jobs WHERE (queue = :1 AND priority = :2 AND due_at <= :3) AND (due_at > :4 OR (due_at = :5 AND seq > :6)) AND (order_key IS NULL OR order_key NOT IN (:7)) ORDER BY due_at, seq FETCH NEXT :8 ROWS ONLY
