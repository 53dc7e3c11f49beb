-- number, text
UPDATE tasks_tasks SET canceling=:1 WHERE id = :2
