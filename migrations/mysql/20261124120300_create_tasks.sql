-- lint: allow one-ddl: the tables are new; where it stops half-way, drop them and run it again
-- +goose Up
CREATE TABLE tasks_tasks (
    id          VARCHAR(36)  NOT NULL PRIMARY KEY,
    kind        VARCHAR(100) NOT NULL,
    owner       VARCHAR(100),
    state       VARCHAR(10)  NOT NULL,
    canceling   BOOLEAN      NOT NULL,
    unique_key  VARCHAR(301),
    run         VARCHAR(36),
    attempt     BIGINT       NOT NULL,
    retention   BIGINT       NOT NULL,
    progress    BIGINT       NOT NULL,
    message     VARCHAR(500),
    saved       LONGBLOB,
    result      LONGBLOB,
    failure     LONGBLOB,
    run_at      BIGINT       NOT NULL,
    created_at  BIGINT       NOT NULL,
    started_at  BIGINT       NOT NULL,
    finished_at BIGINT       NOT NULL,
    expires_at  BIGINT       NOT NULL,
    UNIQUE INDEX tasks_tasks_unique (unique_key),
    INDEX tasks_tasks_expiry (expires_at),
    INDEX tasks_tasks_state (state)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE tasks_schedules (
    name    VARCHAR(100) NOT NULL PRIMARY KEY,
    spec    VARCHAR(200) NOT NULL,
    next_at BIGINT       NOT NULL,
    task_id VARCHAR(36)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE tasks_schedules;
DROP TABLE tasks_tasks;
