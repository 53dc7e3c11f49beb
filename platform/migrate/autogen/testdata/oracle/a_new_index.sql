-- +goose Up
CREATE UNIQUE INDEX shop_orders_note ON shop_orders (note) ONLINE;

-- +goose Down
DROP INDEX shop_orders_note;
