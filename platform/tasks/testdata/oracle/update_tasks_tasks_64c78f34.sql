-- text, number, null, number, text, text, text
UPDATE tasks_tasks SET message=:1,progress=:2,run=:3,run_at=:4,state=:5 WHERE id = :6 AND run = :7
