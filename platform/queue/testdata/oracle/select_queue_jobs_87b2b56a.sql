-- text, text, text, number
SELECT order_key, MIN(seq) AS head, COUNT(*) AS jobs FROM queue_jobs WHERE queue = :1 AND order_key IN (:2,:3) AND seq <= :4 GROUP BY order_key
