-- +goose Up
CREATE INDEX order_orders_payment ON order_orders (payment_status, id) ONLINE;

-- +goose Down
DROP INDEX order_orders_payment;
