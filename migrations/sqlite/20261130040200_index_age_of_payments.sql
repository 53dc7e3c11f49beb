-- The table analytics_orders is looked through by when orders were paid, to forget that.
-- +goose Up
CREATE INDEX analytics_orders_paid ON analytics_orders (paid_at);

-- +goose Down
DROP INDEX analytics_orders_paid;
