-- +goose Up
CREATE TABLE catalog_upload_chunks (
    upload_id  TEXT     NOT NULL,
    seq        INTEGER  NOT NULL,
    data       BLOB     NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (upload_id, seq)
);
CREATE INDEX catalog_upload_chunks_created ON catalog_upload_chunks (created_at);

-- +goose Down
DROP TABLE catalog_upload_chunks;
