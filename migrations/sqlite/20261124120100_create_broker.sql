-- +goose Up
CREATE TABLE broker_bindings (
    subscription TEXT    NOT NULL,
    pattern      TEXT    NOT NULL,
    unordered    NUMERIC NOT NULL,
    PRIMARY KEY (subscription, pattern)
);

-- +goose Down
DROP TABLE broker_bindings;
