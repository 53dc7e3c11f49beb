-- lint: allow one-ddl: the table is new; where it stops half-way, drop it and run it again
-- +goose Up
CREATE TABLE idempotency_keys (
    id          VARCHAR2(64 CHAR) NOT NULL PRIMARY KEY,
    fingerprint VARCHAR2(64 CHAR) NOT NULL,
    run         VARCHAR2(36 CHAR) NOT NULL,
    status      NUMBER(19)        NOT NULL,
    header      BLOB,
    body        BLOB,
    until       NUMBER(19)        NOT NULL
);
CREATE INDEX idempotency_keys_until ON idempotency_keys (until);

-- +goose Down
DROP TABLE idempotency_keys;
