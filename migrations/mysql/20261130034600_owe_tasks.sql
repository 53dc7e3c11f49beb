-- +goose Up
ALTER TABLE tasks_tasks ADD COLUMN owed BOOLEAN;

-- +goose Down
ALTER TABLE tasks_tasks DROP COLUMN owed;
