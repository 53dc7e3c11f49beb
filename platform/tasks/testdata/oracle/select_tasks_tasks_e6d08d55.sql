-- text
SELECT count(*) FROM tasks_tasks WHERE unique_key = :1
