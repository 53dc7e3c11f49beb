-- lint: allow one-ddl: the tables are new; where it stops half-way, drop them and run it again
-- +goose Up
CREATE TABLE catalog_products (
    id          CHAR(36)     NOT NULL PRIMARY KEY,
    sku         VARCHAR(64)  NOT NULL,
    name        VARCHAR(200) NOT NULL,
    name_folded VARCHAR(600) NOT NULL,
    description TEXT         NOT NULL,
    price_cents BIGINT       NOT NULL,
    currency    CHAR(3)      NOT NULL,
    active      BOOLEAN      NOT NULL,
    version     BIGINT       NOT NULL,
    created_at  DATETIME(6)  NOT NULL,
    updated_at  DATETIME(6)  NOT NULL,
    deleted_at  BIGINT       NOT NULL DEFAULT 0,
    UNIQUE INDEX catalog_products_sku (sku, deleted_at),
    INDEX catalog_products_name (deleted_at, name_folded, id),
    INDEX catalog_products_price (deleted_at, price_cents, id),
    INDEX catalog_products_created (deleted_at, created_at, id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE catalog_categories (
    id          CHAR(36)     NOT NULL PRIMARY KEY,
    name        VARCHAR(100) NOT NULL,
    name_folded VARCHAR(300) NOT NULL,
    version     BIGINT       NOT NULL,
    created_at  DATETIME(6)  NOT NULL,
    updated_at  DATETIME(6)  NOT NULL,
    UNIQUE INDEX catalog_categories_name (name_folded)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE catalog_product_categories (
    product_id  CHAR(36) NOT NULL,
    category_id CHAR(36) NOT NULL,
    PRIMARY KEY (product_id, category_id),
    INDEX catalog_product_categories_category (category_id, product_id),
    CONSTRAINT catalog_product_categories_product_fk FOREIGN KEY (product_id) REFERENCES catalog_products (id),
    CONSTRAINT catalog_product_categories_category_fk FOREIGN KEY (category_id) REFERENCES catalog_categories (id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE catalog_product_categories;
DROP TABLE catalog_categories;
DROP TABLE catalog_products;
