-- +goose Up
CREATE TABLE shop_lines (
    order_id VARCHAR2(36 CHAR) NOT NULL,
    sku      VARCHAR2(64 CHAR) NOT NULL,
    text     CLOB NOT NULL,
    PRIMARY KEY (order_id, sku)
);
CREATE TABLE shop_orders (
    id     VARCHAR2(36 CHAR) NOT NULL,
    note   VARCHAR2(100 CHAR) NOT NULL,
    amount NUMBER(19) DEFAULT 0 NOT NULL,
    paid   NUMBER(1) DEFAULT 0 NOT NULL,
    at     TIMESTAMP(6) NOT NULL,
    memo   VARCHAR2(50 CHAR),
    PRIMARY KEY (id)
);
CREATE INDEX shop_orders_amount ON shop_orders (amount);
ALTER TABLE shop_lines ADD CONSTRAINT fk_shop_lines_order FOREIGN KEY (order_id) REFERENCES shop_orders (id);

-- +goose Down
DROP TABLE shop_lines;
DROP TABLE shop_orders;
