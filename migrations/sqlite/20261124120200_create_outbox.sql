-- +goose Up
CREATE TABLE lease_holders (
    name   TEXT    NOT NULL PRIMARY KEY,
    holder TEXT,
    until  INTEGER NOT NULL
);

CREATE TABLE outbox_events (
    seq         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id          TEXT    NOT NULL,
    type        TEXT    NOT NULL,
    subject     TEXT,
    happened_at INTEGER NOT NULL,
    traceparent TEXT,
    data_size   INTEGER NOT NULL,
    data        BLOB,
    sent_at     INTEGER NOT NULL
);
CREATE INDEX outbox_events_sent ON outbox_events (sent_at);

CREATE TABLE inbox_receipts (
    subscription TEXT    NOT NULL,
    event_id     TEXT    NOT NULL,
    handled_at   INTEGER NOT NULL,
    PRIMARY KEY (subscription, event_id)
);
CREATE INDEX inbox_receipts_handled ON inbox_receipts (handled_at);

-- +goose Down
DROP TABLE inbox_receipts;
DROP TABLE outbox_events;
DROP TABLE lease_holders;
