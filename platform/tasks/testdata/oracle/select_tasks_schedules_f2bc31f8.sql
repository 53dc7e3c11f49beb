-- text, number
SELECT * FROM tasks_schedules WHERE name = :1 AND ROWNUM <= :2 FOR UPDATE WAIT 10
