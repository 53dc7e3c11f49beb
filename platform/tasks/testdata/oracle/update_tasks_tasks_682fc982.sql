-- bytes, text, text
UPDATE tasks_tasks SET saved=:1 WHERE id = :2 AND run = :3
