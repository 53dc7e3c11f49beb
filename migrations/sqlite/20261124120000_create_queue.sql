-- +goose Up
CREATE TABLE queue_jobs (
    seq         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    queue       TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    order_key   TEXT,
    priority    INTEGER NOT NULL,
    payload     BLOB,
    attempt     INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL,
    owner       TEXT,
    last_error  TEXT
);
CREATE UNIQUE INDEX queue_jobs_id ON queue_jobs (queue, id);
CREATE INDEX queue_jobs_due ON queue_jobs (queue, priority, due_at);
CREATE INDEX queue_jobs_key ON queue_jobs (queue, order_key);

CREATE TABLE queue_dead (
    seq         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    queue       TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    order_key   TEXT,
    priority    INTEGER NOT NULL,
    payload     BLOB,
    attempt     INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL,
    died_at     INTEGER NOT NULL,
    last_error  TEXT
);
CREATE UNIQUE INDEX queue_dead_id ON queue_dead (queue, id);

CREATE TABLE queue_gates (
    queue TEXT NOT NULL PRIMARY KEY
);

-- +goose Down
DROP TABLE queue_gates;
DROP TABLE queue_dead;
DROP TABLE queue_jobs;
