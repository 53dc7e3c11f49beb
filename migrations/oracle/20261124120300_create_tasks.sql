-- lint: allow one-ddl: the tables are new; where it stops half-way, drop them and run it again
-- +goose Up
CREATE TABLE tasks_tasks (
    id          VARCHAR2(36 CHAR)  NOT NULL PRIMARY KEY,
    kind        VARCHAR2(100 CHAR) NOT NULL,
    owner       VARCHAR2(100 CHAR),
    state       VARCHAR2(10 CHAR)  NOT NULL,
    canceling   NUMBER(1)          NOT NULL,
    unique_key  VARCHAR2(301 CHAR),
    run         VARCHAR2(36 CHAR),
    attempt     NUMBER(19)         NOT NULL,
    retention   NUMBER(19)         NOT NULL,
    progress    NUMBER(19)         NOT NULL,
    message     VARCHAR2(500 CHAR),
    saved       BLOB,
    result      BLOB,
    failure     BLOB,
    run_at      NUMBER(19)         NOT NULL,
    created_at  NUMBER(19)         NOT NULL,
    started_at  NUMBER(19)         NOT NULL,
    finished_at NUMBER(19)         NOT NULL,
    expires_at  NUMBER(19)         NOT NULL
);
CREATE UNIQUE INDEX tasks_tasks_unique ON tasks_tasks (unique_key);
CREATE INDEX tasks_tasks_expiry ON tasks_tasks (expires_at);
CREATE INDEX tasks_tasks_state ON tasks_tasks (state);

CREATE TABLE tasks_schedules (
    name    VARCHAR2(100 CHAR) NOT NULL PRIMARY KEY,
    spec    VARCHAR2(200 CHAR) NOT NULL,
    next_at NUMBER(19)         NOT NULL,
    task_id VARCHAR2(36 CHAR)
);

-- +goose Down
DROP TABLE tasks_schedules;
DROP TABLE tasks_tasks;
