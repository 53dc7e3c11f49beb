-- text
DELETE FROM tasks_tasks WHERE id IN (:1)
