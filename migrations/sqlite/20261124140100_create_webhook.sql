-- +goose Up
CREATE TABLE webhook_webhooks (
    id               TEXT NOT NULL,
    url              TEXT NOT NULL,
    description      TEXT NOT NULL,
    events           TEXT NOT NULL,
    active           NUMERIC NOT NULL,
    secret           TEXT NOT NULL,
    old_secret       TEXT NOT NULL,
    old_secret_until DATETIME,
    failing_since    DATETIME,
    disabled_at      DATETIME,
    disabled_reason  TEXT NOT NULL,
    version          INTEGER NOT NULL,
    created_at       DATETIME NOT NULL,
    updated_at       DATETIME NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX webhook_webhooks_created ON webhook_webhooks (created_at, id);
CREATE INDEX webhook_webhooks_active ON webhook_webhooks (active);
CREATE TABLE webhook_deliveries (
    id          TEXT NOT NULL,
    webhook_id  TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    event_type  TEXT NOT NULL,
    body        BLOB,
    state       TEXT NOT NULL,
    attempts    INTEGER NOT NULL,
    round       INTEGER NOT NULL,
    last_status INTEGER NOT NULL,
    last_error  TEXT NOT NULL,
    next_at     DATETIME,
    created_at  DATETIME NOT NULL,
    finished_at DATETIME,
    PRIMARY KEY (id)
);
CREATE INDEX webhook_deliveries_created ON webhook_deliveries (created_at);
CREATE INDEX webhook_deliveries_webhook ON webhook_deliveries (webhook_id, created_at, id);
CREATE TABLE webhook_attempts (
    id          TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    attempt     INTEGER NOT NULL,
    started_at  DATETIME NOT NULL,
    duration_ms INTEGER NOT NULL,
    status      INTEGER NOT NULL,
    error       TEXT NOT NULL,
    response    TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX webhook_attempts_delivery ON webhook_attempts (delivery_id);

-- +goose Down
DROP TABLE webhook_webhooks;
DROP TABLE webhook_deliveries;
DROP TABLE webhook_attempts;
