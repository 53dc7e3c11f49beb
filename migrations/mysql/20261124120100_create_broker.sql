-- +goose Up
CREATE TABLE broker_bindings (
    subscription VARCHAR(80)  NOT NULL,
    pattern      VARCHAR(200) NOT NULL,
    unordered    BOOLEAN      NOT NULL,
    PRIMARY KEY (subscription, pattern)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE broker_bindings;
