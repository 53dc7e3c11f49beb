-- warning: shop_orders.memo becomes NOT NULL: give rows without a value one first
-- +goose Up
ALTER TABLE shop_orders MODIFY (note NULL);
ALTER TABLE shop_orders MODIFY (memo NOT NULL);

-- +goose Down
ALTER TABLE shop_orders MODIFY (note NOT NULL);
ALTER TABLE shop_orders MODIFY (memo NULL);
