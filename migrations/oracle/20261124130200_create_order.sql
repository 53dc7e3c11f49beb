-- lint: allow one-ddl: the tables are new; where it stops half-way, drop them and run it again
-- +goose Up
CREATE TABLE order_changes (
    id          VARCHAR2(36 CHAR)  NOT NULL,
    order_id    VARCHAR2(36 CHAR)  NOT NULL,
    from_status VARCHAR2(20 CHAR)  NOT NULL,
    to_status   VARCHAR2(20 CHAR)  NOT NULL,
    actor       VARCHAR2(36 CHAR)  NOT NULL,
    reason      VARCHAR2(500 CHAR) NOT NULL,
    created_at  TIMESTAMP(6)       NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE order_lines (
    order_id    VARCHAR2(36 CHAR)  NOT NULL,
    line_no     NUMBER(19)         NOT NULL,
    product_id  VARCHAR2(36 CHAR)  NOT NULL,
    sku         VARCHAR2(64 CHAR)  NOT NULL,
    name        VARCHAR2(200 CHAR) NOT NULL,
    quantity    NUMBER(19)         NOT NULL,
    price_cents NUMBER(19)         NOT NULL,
    PRIMARY KEY (order_id, line_no)
);

CREATE TABLE order_orders (
    id             VARCHAR2(36 CHAR)  NOT NULL,
    customer_id    VARCHAR2(36 CHAR)  NOT NULL,
    status         VARCHAR2(20 CHAR)  NOT NULL,
    total_cents    NUMBER(19)         NOT NULL,
    currency       VARCHAR2(3 CHAR)   NOT NULL,
    payment_status VARCHAR2(20 CHAR)  NOT NULL,
    payment_ref    VARCHAR2(200 CHAR) NOT NULL,
    carrier        VARCHAR2(100 CHAR) NOT NULL,
    tracking       VARCHAR2(200 CHAR) NOT NULL,
    version        NUMBER(19)         NOT NULL,
    placed_at      TIMESTAMP(6)       NOT NULL,
    expires_at     TIMESTAMP(6)       NOT NULL,
    updated_at     TIMESTAMP(6)       NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX order_changes_order ON order_changes (order_id, created_at, id);
CREATE INDEX order_orders_customer ON order_orders (customer_id, placed_at, id);
CREATE INDEX order_orders_due ON order_orders (status, expires_at, id);
CREATE INDEX order_orders_placed ON order_orders (placed_at, id);
CREATE INDEX order_orders_status ON order_orders (status, placed_at, id);
ALTER TABLE order_changes ADD CONSTRAINT fk_order_changes_order FOREIGN KEY (order_id) REFERENCES order_orders (id);
ALTER TABLE order_lines ADD CONSTRAINT fk_order_lines_order FOREIGN KEY (order_id) REFERENCES order_orders (id);

-- +goose Down
DROP TABLE order_changes;
DROP TABLE order_lines;
DROP TABLE order_orders;
