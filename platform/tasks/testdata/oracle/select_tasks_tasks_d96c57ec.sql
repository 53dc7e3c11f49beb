-- text, number
SELECT * FROM tasks_tasks WHERE unique_key = :1 AND ROWNUM <= :2 FOR UPDATE WAIT 10
