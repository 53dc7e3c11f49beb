-- text, text
DELETE FROM queue_jobs WHERE queue = :1 AND id = :2 AND owner IS NULL
