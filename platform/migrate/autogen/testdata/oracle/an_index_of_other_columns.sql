-- +goose Up
DROP INDEX shop_orders_amount;
CREATE INDEX shop_orders_amount ON shop_orders (amount, id) ONLINE;

-- +goose Down
DROP INDEX shop_orders_amount;
CREATE INDEX shop_orders_amount ON shop_orders (amount) ONLINE;
