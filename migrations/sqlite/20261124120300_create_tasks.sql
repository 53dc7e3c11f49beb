-- +goose Up
CREATE TABLE tasks_tasks (
    id          TEXT    NOT NULL PRIMARY KEY,
    kind        TEXT    NOT NULL,
    owner       TEXT,
    state       TEXT    NOT NULL,
    canceling   NUMERIC NOT NULL,
    unique_key  TEXT,
    run         TEXT,
    attempt     INTEGER NOT NULL,
    retention   INTEGER NOT NULL,
    progress    INTEGER NOT NULL,
    message     TEXT,
    saved       BLOB,
    result      BLOB,
    failure     BLOB,
    run_at      INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
);
CREATE UNIQUE INDEX tasks_tasks_unique ON tasks_tasks (unique_key);
CREATE INDEX tasks_tasks_expiry ON tasks_tasks (expires_at);
CREATE INDEX tasks_tasks_state ON tasks_tasks (state);

CREATE TABLE tasks_schedules (
    name    TEXT    NOT NULL PRIMARY KEY,
    spec    TEXT    NOT NULL,
    next_at INTEGER NOT NULL,
    task_id TEXT
);

-- +goose Down
DROP TABLE tasks_schedules;
DROP TABLE tasks_tasks;
