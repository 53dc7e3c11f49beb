-- +goose Up
CREATE TABLE idempotency_keys (
    id          VARCHAR(64) NOT NULL PRIMARY KEY,
    fingerprint VARCHAR(64) NOT NULL,
    run         VARCHAR(36) NOT NULL,
    status      BIGINT      NOT NULL,
    header      LONGBLOB,
    body        LONGBLOB,
    until       BIGINT      NOT NULL,
    INDEX idempotency_keys_until (until)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE idempotency_keys;
