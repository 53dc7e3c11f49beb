-- +goose Up
CREATE TABLE analytics_facts (
    event_id    TEXT    NOT NULL,
    order_id    TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    happened_at INTEGER NOT NULL,
    quarter     INTEGER NOT NULL,
    placed_at   INTEGER NOT NULL,
    waited      INTEGER,
    currency    TEXT    NOT NULL,
    total_cents INTEGER NOT NULL,
    units       INTEGER NOT NULL,
    PRIMARY KEY (event_id)
);
CREATE INDEX analytics_facts_happened ON analytics_facts (kind, happened_at);
CREATE INDEX analytics_facts_placed ON analytics_facts (placed_at, kind);

CREATE TABLE analytics_sold (
    event_id      TEXT    NOT NULL,
    product_id    TEXT    NOT NULL,
    happened_at   INTEGER NOT NULL,
    currency      TEXT    NOT NULL,
    quantity      INTEGER NOT NULL,
    revenue_cents INTEGER NOT NULL,
    PRIMARY KEY (event_id, product_id)
);
CREATE INDEX analytics_sold_happened ON analytics_sold (happened_at);

CREATE TABLE analytics_products (
    id      TEXT    NOT NULL,
    sku     TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    active  NUMERIC NOT NULL,
    deleted NUMERIC NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE analytics_orders (
    order_id TEXT    NOT NULL,
    paid_at  INTEGER NOT NULL,
    PRIMARY KEY (order_id)
);

CREATE TABLE analytics_waiting (
    seq       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    data_size INTEGER NOT NULL,
    data      BLOB,
    stored_at INTEGER NOT NULL
);

-- +goose Down
DROP TABLE analytics_waiting;
DROP TABLE analytics_orders;
DROP TABLE analytics_products;
DROP TABLE analytics_sold;
DROP TABLE analytics_facts;
