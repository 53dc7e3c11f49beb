-- +goose Up
CREATE TABLE catalog_products (
    id          TEXT     NOT NULL PRIMARY KEY,
    sku         TEXT     NOT NULL,
    name        TEXT     NOT NULL,
    name_folded TEXT     NOT NULL,
    description TEXT     NOT NULL,
    price_cents INTEGER  NOT NULL,
    currency    TEXT     NOT NULL,
    active      NUMERIC  NOT NULL,
    version     INTEGER  NOT NULL,
    created_at  DATETIME NOT NULL,
    updated_at  DATETIME NOT NULL,
    deleted_at  INTEGER  NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX catalog_products_sku ON catalog_products (sku, deleted_at);
CREATE INDEX catalog_products_name ON catalog_products (deleted_at, name_folded, id);
CREATE INDEX catalog_products_price ON catalog_products (deleted_at, price_cents, id);
CREATE INDEX catalog_products_created ON catalog_products (deleted_at, created_at, id);

CREATE TABLE catalog_categories (
    id          TEXT     NOT NULL PRIMARY KEY,
    name        TEXT     NOT NULL,
    name_folded TEXT     NOT NULL,
    version     INTEGER  NOT NULL,
    created_at  DATETIME NOT NULL,
    updated_at  DATETIME NOT NULL
);
CREATE UNIQUE INDEX catalog_categories_name ON catalog_categories (name_folded);

CREATE TABLE catalog_product_categories (
    product_id  TEXT NOT NULL REFERENCES catalog_products (id),
    category_id TEXT NOT NULL REFERENCES catalog_categories (id),
    PRIMARY KEY (product_id, category_id)
);
CREATE INDEX catalog_product_categories_category ON catalog_product_categories (category_id, product_id);

-- +goose Down
DROP TABLE catalog_product_categories;
DROP TABLE catalog_categories;
DROP TABLE catalog_products;
