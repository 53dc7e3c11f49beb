-- text, text, number, number, number, text
UPDATE tasks_tasks SET state=:1,run=:2,attempt=:3,retention=:4,started_at=:5 WHERE id = :6
