-- lint: allow one-ddl: the tables are new; where it stops half-way, drop them and run it again
-- +goose Up
CREATE TABLE webhook_attempts (
    id          VARCHAR(36) NOT NULL,
    delivery_id VARCHAR(36) NOT NULL,
    attempt     BIGINT NOT NULL,
    started_at  DATETIME(6) NOT NULL,
    duration_ms BIGINT NOT NULL,
    status      BIGINT NOT NULL,
    error       VARCHAR(500) NOT NULL,
    response    VARCHAR(1024) NOT NULL,
    PRIMARY KEY (id),
    INDEX webhook_attempts_delivery (delivery_id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE webhook_deliveries (
    id          VARCHAR(36) NOT NULL,
    webhook_id  VARCHAR(36) NOT NULL,
    event_id    VARCHAR(64) NOT NULL,
    event_type  VARCHAR(200) NOT NULL,
    body        LONGBLOB,
    state       VARCHAR(10) NOT NULL,
    attempts    BIGINT NOT NULL,
    round       BIGINT NOT NULL,
    last_status BIGINT NOT NULL,
    last_error  VARCHAR(500) NOT NULL,
    next_at     DATETIME(6),
    created_at  DATETIME(6) NOT NULL,
    finished_at DATETIME(6),
    PRIMARY KEY (id),
    INDEX webhook_deliveries_created (created_at),
    INDEX webhook_deliveries_webhook (webhook_id, created_at, id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE webhook_webhooks (
    id               VARCHAR(36) NOT NULL,
    url              VARCHAR(2000) NOT NULL,
    description      VARCHAR(500) NOT NULL,
    events           VARCHAR(4000) NOT NULL,
    active           BOOL NOT NULL,
    secret           VARCHAR(200) NOT NULL,
    old_secret       VARCHAR(200) NOT NULL,
    old_secret_until DATETIME(6),
    failing_since    DATETIME(6),
    disabled_at      DATETIME(6),
    disabled_reason  VARCHAR(200) NOT NULL,
    version          BIGINT NOT NULL,
    created_at       DATETIME(6) NOT NULL,
    updated_at       DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    INDEX webhook_webhooks_active (active),
    INDEX webhook_webhooks_created (created_at, id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE webhook_attempts;
DROP TABLE webhook_deliveries;
DROP TABLE webhook_webhooks;
