-- warning: a column of shop_orders goes and another comes: if it only has a new name, write ALTER TABLE … RENAME COLUMN
-- +goose Up
-- destructive: the column shop_orders.note is dropped
ALTER TABLE shop_orders DROP COLUMN note;
ALTER TABLE shop_orders ADD (remark VARCHAR2(100 CHAR) DEFAULT CHR(0) NOT NULL);
ALTER TABLE shop_orders MODIFY (remark DEFAULT NULL);
CREATE TABLE shop_customers (
    id   VARCHAR2(36 CHAR) NOT NULL,
    name VARCHAR2(100 CHAR) NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX shop_customers_name ON shop_customers (name);

-- +goose Down
ALTER TABLE shop_orders DROP COLUMN remark;
ALTER TABLE shop_orders ADD (note VARCHAR2(100 CHAR) DEFAULT CHR(0) NOT NULL);
ALTER TABLE shop_orders MODIFY (note DEFAULT NULL);
DROP TABLE shop_customers;
