-- number, text, text
UPDATE tasks_schedules SET next_at=:1,task_id=:2 WHERE name = :3
