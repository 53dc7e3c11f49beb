-- +goose Up
ALTER TABLE shop_orders ADD (name VARCHAR2(20 CHAR) DEFAULT CHR(0) NOT NULL);
ALTER TABLE shop_orders MODIFY (name DEFAULT NULL);
ALTER TABLE shop_orders ADD (count NUMBER(19) DEFAULT 0 NOT NULL);
ALTER TABLE shop_orders MODIFY (count DEFAULT NULL);
ALTER TABLE shop_orders ADD (maybe TIMESTAMP(6));

-- +goose Down
ALTER TABLE shop_orders DROP COLUMN name;
ALTER TABLE shop_orders DROP COLUMN count;
ALTER TABLE shop_orders DROP COLUMN maybe;
