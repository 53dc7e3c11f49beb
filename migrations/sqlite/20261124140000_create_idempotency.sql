-- +goose Up
CREATE TABLE idempotency_keys (
    id          TEXT    NOT NULL PRIMARY KEY,
    fingerprint TEXT    NOT NULL,
    run         TEXT    NOT NULL,
    status      INTEGER NOT NULL,
    header      BLOB,
    body        BLOB,
    until       INTEGER NOT NULL
);
CREATE INDEX idempotency_keys_until ON idempotency_keys (until);

-- +goose Down
DROP TABLE idempotency_keys;
