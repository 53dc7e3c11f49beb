-- lint: allow one-ddl: the tables are new; where it stops half-way, drop them and run it again
-- +goose Up
CREATE TABLE inventory_entries (
    id         VARCHAR(36)  NOT NULL,
    product_id VARCHAR(36)  NOT NULL,
    location   VARCHAR(64)  NOT NULL,
    delta      BIGINT       NOT NULL,
    on_hand    BIGINT       NOT NULL,
    version    BIGINT       NOT NULL,
    reason     VARCHAR(20)  NOT NULL,
    note       VARCHAR(500) NOT NULL,
    reference  VARCHAR(100) NOT NULL,
    actor      VARCHAR(36)  NOT NULL,
    created_at DATETIME(6)  NOT NULL,
    PRIMARY KEY (id),
    INDEX inventory_entries_product (product_id, created_at, id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE inventory_reservations (
    id         VARCHAR(36)  NOT NULL,
    reference  VARCHAR(100) NOT NULL,
    state      VARCHAR(20)  NOT NULL,
    expires_at DATETIME(6),
    created_at DATETIME(6)  NOT NULL,
    updated_at DATETIME(6)  NOT NULL,
    PRIMARY KEY (id),
    INDEX inventory_reservations_due (state, expires_at, id),
    UNIQUE INDEX inventory_reservations_reference (reference)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE inventory_stocks (
    id         VARCHAR(101) NOT NULL,
    product_id VARCHAR(36)  NOT NULL,
    location   VARCHAR(64)  NOT NULL,
    on_hand    BIGINT       NOT NULL,
    reserved   BIGINT       NOT NULL,
    version    BIGINT       NOT NULL,
    created_at DATETIME(6)  NOT NULL,
    updated_at DATETIME(6)  NOT NULL,
    PRIMARY KEY (id),
    INDEX inventory_stocks_location (location, id),
    INDEX inventory_stocks_product (product_id, id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE inventory_holds (
    id             VARCHAR(36) NOT NULL,
    reservation_id VARCHAR(36) NOT NULL,
    product_id     VARCHAR(36) NOT NULL,
    location       VARCHAR(64) NOT NULL,
    quantity       BIGINT      NOT NULL,
    state          VARCHAR(20) NOT NULL,
    PRIMARY KEY (id),
    INDEX inventory_holds_product (product_id, state, id),
    INDEX inventory_holds_reservation (reservation_id),
    CONSTRAINT fk_inventory_holds_reservation FOREIGN KEY (reservation_id) REFERENCES inventory_reservations (id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE inventory_holds;
DROP TABLE inventory_reservations;
DROP TABLE inventory_entries;
DROP TABLE inventory_stocks;
