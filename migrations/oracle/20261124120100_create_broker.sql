-- +goose Up
CREATE TABLE broker_bindings (
    subscription VARCHAR2(80 CHAR)  NOT NULL,
    pattern      VARCHAR2(200 CHAR) NOT NULL,
    unordered    NUMBER(1)          NOT NULL,
    PRIMARY KEY (subscription, pattern)
);

-- +goose Down
DROP TABLE broker_bindings;
