-- +goose Up
CREATE TABLE order_orders (
    id             TEXT     NOT NULL,
    customer_id    TEXT     NOT NULL,
    status         TEXT     NOT NULL,
    total_cents    INTEGER  NOT NULL,
    currency       TEXT     NOT NULL,
    payment_status TEXT     NOT NULL,
    payment_ref    TEXT     NOT NULL,
    carrier        TEXT     NOT NULL,
    tracking       TEXT     NOT NULL,
    version        INTEGER  NOT NULL,
    placed_at      DATETIME NOT NULL,
    expires_at     DATETIME NOT NULL,
    updated_at     DATETIME NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX order_orders_due ON order_orders (status, expires_at, id);
CREATE INDEX order_orders_status ON order_orders (status, placed_at, id);
CREATE INDEX order_orders_customer ON order_orders (customer_id, placed_at, id);
CREATE INDEX order_orders_placed ON order_orders (placed_at, id);

CREATE TABLE order_lines (
    order_id    TEXT    NOT NULL,
    line_no     INTEGER NOT NULL,
    product_id  TEXT    NOT NULL,
    sku         TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    quantity    INTEGER NOT NULL,
    price_cents INTEGER NOT NULL,
    PRIMARY KEY (order_id, line_no),
    CONSTRAINT fk_order_lines_order FOREIGN KEY (order_id) REFERENCES order_orders (id)
);

CREATE TABLE order_changes (
    id          TEXT     NOT NULL,
    order_id    TEXT     NOT NULL,
    from_status TEXT     NOT NULL,
    to_status   TEXT     NOT NULL,
    actor       TEXT     NOT NULL,
    reason      TEXT     NOT NULL,
    created_at  DATETIME NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT fk_order_changes_order FOREIGN KEY (order_id) REFERENCES order_orders (id)
);
CREATE INDEX order_changes_order ON order_changes (order_id, created_at, id);

-- +goose Down
DROP TABLE order_changes;
DROP TABLE order_lines;
DROP TABLE order_orders;
