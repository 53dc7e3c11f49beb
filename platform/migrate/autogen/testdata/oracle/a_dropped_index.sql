-- +goose Up
DROP INDEX shop_orders_amount;

-- +goose Down
CREATE INDEX shop_orders_amount ON shop_orders (amount) ONLINE;
