SELECT * FROM tasks_schedules
