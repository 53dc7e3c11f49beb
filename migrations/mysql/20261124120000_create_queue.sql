-- lint: allow one-ddl: the tables are new; where it stops half-way, drop them and run it again
-- +goose Up
CREATE TABLE queue_jobs (
    seq         BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    queue       VARCHAR(100) NOT NULL,
    id          VARCHAR(64)  NOT NULL,
    order_key   VARCHAR(200),
    priority    BIGINT       NOT NULL,
    payload     LONGBLOB,
    attempt     BIGINT       NOT NULL,
    due_at      BIGINT       NOT NULL,
    enqueued_at BIGINT       NOT NULL,
    owner       VARCHAR(36),
    last_error  TEXT,
    UNIQUE INDEX queue_jobs_id (queue, id),
    INDEX queue_jobs_due (queue, priority, due_at),
    INDEX queue_jobs_key (queue, order_key)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE queue_dead (
    seq         BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    queue       VARCHAR(100) NOT NULL,
    id          VARCHAR(64)  NOT NULL,
    order_key   VARCHAR(200),
    priority    BIGINT       NOT NULL,
    payload     LONGBLOB,
    attempt     BIGINT       NOT NULL,
    enqueued_at BIGINT       NOT NULL,
    died_at     BIGINT       NOT NULL,
    last_error  TEXT,
    UNIQUE INDEX queue_dead_id (queue, id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE queue_gates (
    queue VARCHAR(100) NOT NULL PRIMARY KEY
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE queue_gates;
DROP TABLE queue_dead;
DROP TABLE queue_jobs;
