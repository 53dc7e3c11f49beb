-- text, number
SELECT * FROM tasks_tasks WHERE id = :1 AND ROWNUM <= :2 FOR UPDATE WAIT 10
