-- lint: allow destructive: what was sent is copied first; nothing is released yet that writes the column
-- +goose Up
CREATE TABLE outbox_sent (
    id          TEXT    NOT NULL PRIMARY KEY,
    type        TEXT    NOT NULL,
    subject     TEXT,
    happened_at INTEGER NOT NULL,
    traceparent TEXT,
    data        BLOB,
    sent_at     INTEGER NOT NULL
);
CREATE INDEX outbox_sent_at ON outbox_sent (sent_at);
INSERT INTO outbox_sent SELECT id, type, subject, happened_at, traceparent, data, sent_at FROM outbox_events WHERE sent_at > 0;

-- without AUTOINCREMENT, which writes a table more for each event: a relay takes events away only while nobody else does
CREATE TABLE new_outbox_events (
    seq         INTEGER NOT NULL PRIMARY KEY,
    id          TEXT    NOT NULL,
    type        TEXT    NOT NULL,
    subject     TEXT,
    happened_at INTEGER NOT NULL,
    traceparent TEXT,
    data        BLOB
);
INSERT INTO new_outbox_events SELECT seq, id, type, subject, happened_at, traceparent, data FROM outbox_events WHERE sent_at = 0;
DROP TABLE outbox_events;
ALTER TABLE new_outbox_events RENAME TO outbox_events;

-- +goose Down
CREATE TABLE new_outbox_events (
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
INSERT INTO new_outbox_events SELECT seq, id, type, subject, happened_at, traceparent, length(data), data, 0 FROM outbox_events;
DROP TABLE outbox_events;
ALTER TABLE new_outbox_events RENAME TO outbox_events;
CREATE INDEX outbox_events_sent ON outbox_events (sent_at);
DROP TABLE outbox_sent;
