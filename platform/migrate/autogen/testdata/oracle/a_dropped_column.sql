-- +goose Up
-- destructive: the column shop_orders.note is dropped
ALTER TABLE shop_orders DROP COLUMN note;

-- +goose Down
ALTER TABLE shop_orders ADD (note VARCHAR2(100 CHAR) DEFAULT CHR(0) NOT NULL);
ALTER TABLE shop_orders MODIFY (note DEFAULT NULL);
