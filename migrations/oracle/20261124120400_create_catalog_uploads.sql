-- lint: allow one-ddl: the table is new; where it stops half-way, drop it and run it again
-- +goose Up
CREATE TABLE catalog_upload_chunks (
    upload_id  VARCHAR2(36 CHAR) NOT NULL,
    seq        NUMBER(19)        NOT NULL,
    data       BLOB              NOT NULL,
    created_at TIMESTAMP(6)      NOT NULL,
    PRIMARY KEY (upload_id, seq)
);
CREATE INDEX catalog_upload_chunks_created ON catalog_upload_chunks (created_at);

-- +goose Down
DROP TABLE catalog_upload_chunks;
