-- number, number
SELECT id FROM tasks_tasks WHERE expires_at > 0 AND expires_at <= :1 FETCH NEXT :2 ROWS ONLY
