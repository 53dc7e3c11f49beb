-- lint: allow one-ddl: the tables are new; where it stops half-way, drop them and run it again
-- +goose Up
CREATE TABLE analytics_facts (
    event_id    VARCHAR(36) NOT NULL,
    order_id    VARCHAR(36) NOT NULL,
    kind        VARCHAR(20) NOT NULL,
    happened_at BIGINT      NOT NULL,
    quarter     BIGINT      NOT NULL,
    placed_at   BIGINT      NOT NULL,
    waited      BIGINT,
    currency    VARCHAR(3)  NOT NULL,
    total_cents BIGINT      NOT NULL,
    units       BIGINT      NOT NULL,
    PRIMARY KEY (event_id),
    INDEX analytics_facts_happened (kind, happened_at),
    INDEX analytics_facts_placed (placed_at, kind)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE analytics_sold (
    event_id      VARCHAR(36) NOT NULL,
    product_id    VARCHAR(36) NOT NULL,
    happened_at   BIGINT      NOT NULL,
    currency      VARCHAR(3)  NOT NULL,
    quantity      BIGINT      NOT NULL,
    revenue_cents BIGINT      NOT NULL,
    PRIMARY KEY (event_id, product_id),
    INDEX analytics_sold_happened (happened_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE analytics_products (
    id      VARCHAR(36)  NOT NULL,
    sku     VARCHAR(64)  NOT NULL,
    name    VARCHAR(200) NOT NULL,
    active  BOOL         NOT NULL,
    deleted BOOL         NOT NULL,
    version BIGINT       NOT NULL,
    PRIMARY KEY (id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE analytics_orders (
    order_id VARCHAR(36) NOT NULL,
    paid_at  BIGINT      NOT NULL,
    PRIMARY KEY (order_id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE analytics_waiting (
    seq       BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    data_size BIGINT NOT NULL,
    data      LONGBLOB,
    stored_at BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE analytics_waiting;
DROP TABLE analytics_orders;
DROP TABLE analytics_products;
DROP TABLE analytics_sold;
DROP TABLE analytics_facts;
