-- lint: allow one-ddl: the tables are new; where it stops half-way, drop them and run it again
-- +goose Up
CREATE TABLE lease_holders (
    name   VARCHAR(100) NOT NULL PRIMARY KEY,
    holder VARCHAR(36),
    until  BIGINT       NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE outbox_events (
    seq         BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    id          CHAR(36)     NOT NULL,
    type        VARCHAR(200) NOT NULL,
    subject     VARCHAR(200),
    happened_at BIGINT       NOT NULL,
    traceparent VARCHAR(100),
    data_size   BIGINT       NOT NULL,
    data        LONGBLOB,
    sent_at     BIGINT       NOT NULL,
    INDEX outbox_events_sent (sent_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE inbox_receipts (
    subscription VARCHAR(80) NOT NULL,
    event_id     VARCHAR(64) NOT NULL,
    handled_at   BIGINT      NOT NULL,
    PRIMARY KEY (subscription, event_id),
    INDEX inbox_receipts_handled (handled_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE inbox_receipts;
DROP TABLE outbox_events;
DROP TABLE lease_holders;
