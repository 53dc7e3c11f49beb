-- +goose Up
CREATE INDEX tasks_tasks_owner ON tasks_tasks (owner, id) ONLINE;

-- +goose Down
DROP INDEX tasks_tasks_owner;
