-- text, text, number
SELECT order_key, MIN(seq) AS head, COUNT(*) AS jobs FROM queue_jobs WHERE queue = :1 AND order_key IN (:2) AND seq <= :3 GROUP BY order_key
