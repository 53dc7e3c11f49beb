-- lint: allow one-ddl: the tables are new; where it stops half-way, drop them and run it again
-- +goose Up
CREATE TABLE inventory_entries (
    id         VARCHAR2(36 CHAR)  NOT NULL,
    product_id VARCHAR2(36 CHAR)  NOT NULL,
    location   VARCHAR2(64 CHAR)  NOT NULL,
    delta      NUMBER(19)         NOT NULL,
    on_hand    NUMBER(19)         NOT NULL,
    version    NUMBER(19)         NOT NULL,
    reason     VARCHAR2(20 CHAR)  NOT NULL,
    note       VARCHAR2(500 CHAR) NOT NULL,
    reference  VARCHAR2(100 CHAR) NOT NULL,
    actor      VARCHAR2(36 CHAR)  NOT NULL,
    created_at TIMESTAMP(6)       NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE inventory_holds (
    id             VARCHAR2(36 CHAR) NOT NULL,
    reservation_id VARCHAR2(36 CHAR) NOT NULL,
    product_id     VARCHAR2(36 CHAR) NOT NULL,
    location       VARCHAR2(64 CHAR) NOT NULL,
    quantity       NUMBER(19)        NOT NULL,
    state          VARCHAR2(20 CHAR) NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE inventory_reservations (
    id         VARCHAR2(36 CHAR)  NOT NULL,
    reference  VARCHAR2(100 CHAR) NOT NULL,
    state      VARCHAR2(20 CHAR)  NOT NULL,
    expires_at TIMESTAMP(6),
    created_at TIMESTAMP(6)       NOT NULL,
    updated_at TIMESTAMP(6)       NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE inventory_stocks (
    id         VARCHAR2(101 CHAR) NOT NULL,
    product_id VARCHAR2(36 CHAR)  NOT NULL,
    location   VARCHAR2(64 CHAR)  NOT NULL,
    on_hand    NUMBER(19)         NOT NULL,
    reserved   NUMBER(19)         NOT NULL,
    version    NUMBER(19)         NOT NULL,
    created_at TIMESTAMP(6)       NOT NULL,
    updated_at TIMESTAMP(6)       NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX inventory_entries_product ON inventory_entries (product_id, created_at, id);
CREATE INDEX inventory_holds_product ON inventory_holds (product_id, state, id);
CREATE INDEX inventory_holds_reservation ON inventory_holds (reservation_id);
CREATE INDEX inventory_reservations_due ON inventory_reservations (state, expires_at, id);
CREATE UNIQUE INDEX inventory_reservations_reference ON inventory_reservations (reference);
CREATE INDEX inventory_stocks_location ON inventory_stocks (location, id);
CREATE INDEX inventory_stocks_product ON inventory_stocks (product_id, id);
ALTER TABLE inventory_holds ADD CONSTRAINT fk_inventory_holds_reservation FOREIGN KEY (reservation_id) REFERENCES inventory_reservations (id);

-- +goose Down
DROP TABLE inventory_holds;
DROP TABLE inventory_reservations;
DROP TABLE inventory_entries;
DROP TABLE inventory_stocks;
