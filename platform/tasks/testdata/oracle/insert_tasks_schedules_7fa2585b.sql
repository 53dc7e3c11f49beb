-- text, text, number, text
INSERT INTO tasks_schedules (name,spec,next_at,task_id) VALUES (:1,:2,:3,:4)
