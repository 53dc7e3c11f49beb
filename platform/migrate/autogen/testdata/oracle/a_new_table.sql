-- +goose Up
CREATE TABLE shop_customers (
    id   VARCHAR2(36 CHAR) NOT NULL,
    name VARCHAR2(100 CHAR) NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX shop_customers_name ON shop_customers (name);

-- +goose Down
DROP TABLE shop_customers;
