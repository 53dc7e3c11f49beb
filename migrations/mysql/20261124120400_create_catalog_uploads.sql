-- +goose Up
CREATE TABLE catalog_upload_chunks (
    upload_id  VARCHAR(36) NOT NULL,
    seq        BIGINT      NOT NULL,
    data       LONGBLOB    NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (upload_id, seq),
    INDEX catalog_upload_chunks_created (created_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE catalog_upload_chunks;
