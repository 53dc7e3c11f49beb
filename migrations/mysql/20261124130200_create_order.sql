-- lint: allow one-ddl: the tables are new; where it stops half-way, drop them and run it again
-- +goose Up
CREATE TABLE order_orders (
    id             VARCHAR(36)  NOT NULL,
    customer_id    VARCHAR(36)  NOT NULL,
    status         VARCHAR(20)  NOT NULL,
    total_cents    BIGINT       NOT NULL,
    currency       VARCHAR(3)   NOT NULL,
    payment_status VARCHAR(20)  NOT NULL,
    payment_ref    VARCHAR(200) NOT NULL,
    carrier        VARCHAR(100) NOT NULL,
    tracking       VARCHAR(200) NOT NULL,
    version        BIGINT       NOT NULL,
    placed_at      DATETIME(6)  NOT NULL,
    expires_at     DATETIME(6)  NOT NULL,
    updated_at     DATETIME(6)  NOT NULL,
    PRIMARY KEY (id),
    INDEX order_orders_customer (customer_id, placed_at, id),
    INDEX order_orders_due (status, expires_at, id),
    INDEX order_orders_placed (placed_at, id),
    INDEX order_orders_status (status, placed_at, id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE order_changes (
    id          VARCHAR(36)  NOT NULL,
    order_id    VARCHAR(36)  NOT NULL,
    from_status VARCHAR(20)  NOT NULL,
    to_status   VARCHAR(20)  NOT NULL,
    actor       VARCHAR(36)  NOT NULL,
    reason      VARCHAR(500) NOT NULL,
    created_at  DATETIME(6)  NOT NULL,
    PRIMARY KEY (id),
    INDEX order_changes_order (order_id, created_at, id),
    CONSTRAINT fk_order_changes_order FOREIGN KEY (order_id) REFERENCES order_orders (id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE order_lines (
    order_id    VARCHAR(36)  NOT NULL,
    line_no     BIGINT       NOT NULL,
    product_id  VARCHAR(36)  NOT NULL,
    sku         VARCHAR(64)  NOT NULL,
    name        VARCHAR(200) NOT NULL,
    quantity    BIGINT       NOT NULL,
    price_cents BIGINT       NOT NULL,
    PRIMARY KEY (order_id, line_no),
    CONSTRAINT fk_order_lines_order FOREIGN KEY (order_id) REFERENCES order_orders (id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE order_changes;
DROP TABLE order_lines;
DROP TABLE order_orders;
