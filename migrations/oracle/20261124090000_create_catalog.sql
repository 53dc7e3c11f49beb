-- lint: allow one-ddl: the tables are new; where it stops half-way, drop them and run it again
-- +goose Up
CREATE TABLE catalog_products (
    id          VARCHAR2(36 CHAR)  NOT NULL PRIMARY KEY,
    sku         VARCHAR2(64 CHAR)  NOT NULL,
    name        VARCHAR2(200 CHAR) NOT NULL,
    name_folded VARCHAR2(600 CHAR) NOT NULL,
    description CLOB               NOT NULL,
    price_cents NUMBER(19)         NOT NULL,
    currency    VARCHAR2(3 CHAR)   NOT NULL,
    active      NUMBER(1)          NOT NULL,
    version     NUMBER(19)         NOT NULL,
    created_at  TIMESTAMP(6)       NOT NULL,
    updated_at  TIMESTAMP(6)       NOT NULL,
    deleted_at  NUMBER(19)         DEFAULT 0 NOT NULL
);
CREATE UNIQUE INDEX catalog_products_sku ON catalog_products (sku, deleted_at);
CREATE INDEX catalog_products_name ON catalog_products (deleted_at, name_folded, id);
CREATE INDEX catalog_products_price ON catalog_products (deleted_at, price_cents, id);
CREATE INDEX catalog_products_created ON catalog_products (deleted_at, created_at, id);

CREATE TABLE catalog_categories (
    id          VARCHAR2(36 CHAR)  NOT NULL PRIMARY KEY,
    name        VARCHAR2(100 CHAR) NOT NULL,
    name_folded VARCHAR2(300 CHAR) NOT NULL,
    version     NUMBER(19)         NOT NULL,
    created_at  TIMESTAMP(6)       NOT NULL,
    updated_at  TIMESTAMP(6)       NOT NULL
);
CREATE UNIQUE INDEX catalog_categories_name ON catalog_categories (name_folded);

CREATE TABLE catalog_product_categories (
    product_id  VARCHAR2(36 CHAR) NOT NULL,
    category_id VARCHAR2(36 CHAR) NOT NULL,
    PRIMARY KEY (product_id, category_id),
    CONSTRAINT catalog_product_categories_product_fk FOREIGN KEY (product_id) REFERENCES catalog_products (id),
    CONSTRAINT catalog_product_categories_category_fk FOREIGN KEY (category_id) REFERENCES catalog_categories (id)
);
CREATE INDEX catalog_product_categories_category ON catalog_product_categories (category_id, product_id);

-- +goose Down
DROP TABLE catalog_product_categories;
DROP TABLE catalog_categories;
DROP TABLE catalog_products;
