-- warning: the type of shop_orders.amount changes: see that every value fits
-- +goose Up
DROP INDEX shop_orders_amount;
ALTER TABLE shop_orders ADD (new_amount VARCHAR2(20 CHAR));
UPDATE shop_orders SET new_amount = amount;
ALTER TABLE shop_orders DROP COLUMN amount;
ALTER TABLE shop_orders RENAME COLUMN new_amount TO amount;
ALTER TABLE shop_orders MODIFY (amount DEFAULT '0' NOT NULL);
CREATE INDEX shop_orders_amount ON shop_orders (amount) ONLINE;

-- +goose Down
DROP INDEX shop_orders_amount;
ALTER TABLE shop_orders ADD (new_amount NUMBER(19));
UPDATE shop_orders SET new_amount = amount;
ALTER TABLE shop_orders DROP COLUMN amount;
ALTER TABLE shop_orders RENAME COLUMN new_amount TO amount;
ALTER TABLE shop_orders MODIFY (amount DEFAULT 0 NOT NULL);
CREATE INDEX shop_orders_amount ON shop_orders (amount) ONLINE;
