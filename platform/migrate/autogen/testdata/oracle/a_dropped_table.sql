-- +goose Up
-- destructive: the table shop_lines is dropped
DROP TABLE shop_lines;

-- +goose Down
CREATE TABLE shop_lines (
    order_id VARCHAR2(36 CHAR) NOT NULL,
    sku      VARCHAR2(64 CHAR) NOT NULL,
    text     CLOB NOT NULL,
    PRIMARY KEY (order_id, sku)
);
ALTER TABLE shop_lines ADD CONSTRAINT fk_shop_lines_order FOREIGN KEY (order_id) REFERENCES shop_orders (id);
