-- text, number, number, number
SELECT seq FROM queue_jobs WHERE queue = :1 AND priority = :2 AND due_at <= :3 FETCH NEXT :4 ROWS ONLY
