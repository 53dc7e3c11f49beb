SELECT queue, COUNT(*) AS jobs, MIN(enqueued_at) AS oldest FROM queue_jobs GROUP BY queue ORDER BY queue
