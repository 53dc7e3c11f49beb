-- +goose Up
ALTER TABLE shop_orders MODIFY (note DEFAULT 'none');
ALTER TABLE shop_orders MODIFY (amount DEFAULT 7);
ALTER TABLE shop_orders MODIFY (paid DEFAULT 1);

-- +goose Down
ALTER TABLE shop_orders MODIFY (note DEFAULT NULL);
ALTER TABLE shop_orders MODIFY (amount DEFAULT 0);
ALTER TABLE shop_orders MODIFY (paid DEFAULT 0);
