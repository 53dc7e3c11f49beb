-- lint: allow one-ddl: the tables are new; where it stops half-way, drop them and run it again
-- +goose Up
CREATE TABLE webhook_attempts (
    id          VARCHAR2(36 CHAR) NOT NULL,
    delivery_id VARCHAR2(36 CHAR) NOT NULL,
    attempt     NUMBER(19) NOT NULL,
    started_at  TIMESTAMP(6) NOT NULL,
    duration_ms NUMBER(19) NOT NULL,
    status      NUMBER(19) NOT NULL,
    error       VARCHAR2(500 CHAR) NOT NULL,
    response    CLOB NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE webhook_deliveries (
    id          VARCHAR2(36 CHAR) NOT NULL,
    webhook_id  VARCHAR2(36 CHAR) NOT NULL,
    event_id    VARCHAR2(64 CHAR) NOT NULL,
    event_type  VARCHAR2(200 CHAR) NOT NULL,
    body        BLOB,
    state       VARCHAR2(10 CHAR) NOT NULL,
    attempts    NUMBER(19) NOT NULL,
    round       NUMBER(19) NOT NULL,
    last_status NUMBER(19) NOT NULL,
    last_error  VARCHAR2(500 CHAR) NOT NULL,
    next_at     TIMESTAMP(6),
    created_at  TIMESTAMP(6) NOT NULL,
    finished_at TIMESTAMP(6),
    PRIMARY KEY (id)
);
CREATE TABLE webhook_webhooks (
    id               VARCHAR2(36 CHAR) NOT NULL,
    url              CLOB NOT NULL,
    description      VARCHAR2(500 CHAR) NOT NULL,
    events           CLOB NOT NULL,
    active           NUMBER(1) NOT NULL,
    secret           VARCHAR2(200 CHAR) NOT NULL,
    old_secret       VARCHAR2(200 CHAR) NOT NULL,
    old_secret_until TIMESTAMP(6),
    failing_since    TIMESTAMP(6),
    disabled_at      TIMESTAMP(6),
    disabled_reason  VARCHAR2(200 CHAR) NOT NULL,
    version          NUMBER(19) NOT NULL,
    created_at       TIMESTAMP(6) NOT NULL,
    updated_at       TIMESTAMP(6) NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX webhook_attempts_delivery ON webhook_attempts (delivery_id);
CREATE INDEX webhook_deliveries_created ON webhook_deliveries (created_at);
CREATE INDEX webhook_deliveries_webhook ON webhook_deliveries (webhook_id, created_at, id);
CREATE INDEX webhook_webhooks_active ON webhook_webhooks (active);
CREATE INDEX webhook_webhooks_created ON webhook_webhooks (created_at, id);

-- +goose Down
DROP TABLE webhook_attempts;
DROP TABLE webhook_deliveries;
DROP TABLE webhook_webhooks;
