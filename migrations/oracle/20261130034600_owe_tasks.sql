-- +goose Up
ALTER TABLE tasks_tasks ADD (owed NUMBER(1));

-- +goose Down
ALTER TABLE tasks_tasks DROP COLUMN owed;
