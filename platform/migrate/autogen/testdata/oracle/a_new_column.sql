-- +goose Up
ALTER TABLE shop_orders ADD (weight NUMBER(19) DEFAULT 5 NOT NULL);

-- +goose Down
ALTER TABLE shop_orders DROP COLUMN weight;
