-- +goose Up
CREATE TABLE inventory_stocks (
    id         TEXT     NOT NULL,
    product_id TEXT     NOT NULL,
    location   TEXT     NOT NULL,
    on_hand    INTEGER  NOT NULL,
    reserved   INTEGER  NOT NULL,
    version    INTEGER  NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX inventory_stocks_location ON inventory_stocks (location, id);
CREATE INDEX inventory_stocks_product ON inventory_stocks (product_id, id);

CREATE TABLE inventory_entries (
    id         TEXT     NOT NULL,
    product_id TEXT     NOT NULL,
    location   TEXT     NOT NULL,
    delta      INTEGER  NOT NULL,
    on_hand    INTEGER  NOT NULL,
    version    INTEGER  NOT NULL,
    reason     TEXT     NOT NULL,
    note       TEXT     NOT NULL,
    reference  TEXT     NOT NULL,
    actor      TEXT     NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX inventory_entries_product ON inventory_entries (product_id, created_at, id);

CREATE TABLE inventory_reservations (
    id         TEXT     NOT NULL,
    reference  TEXT     NOT NULL,
    state      TEXT     NOT NULL,
    expires_at DATETIME,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX inventory_reservations_reference ON inventory_reservations (reference);
CREATE INDEX inventory_reservations_due ON inventory_reservations (state, expires_at, id);

CREATE TABLE inventory_holds (
    id             TEXT    NOT NULL,
    reservation_id TEXT    NOT NULL,
    product_id     TEXT    NOT NULL,
    location       TEXT    NOT NULL,
    quantity       INTEGER NOT NULL,
    state          TEXT    NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT fk_inventory_holds_reservation FOREIGN KEY (reservation_id) REFERENCES inventory_reservations (id)
);
CREATE INDEX inventory_holds_reservation ON inventory_holds (reservation_id);
CREATE INDEX inventory_holds_product ON inventory_holds (product_id, state, id);

-- +goose Down
DROP TABLE inventory_holds;
DROP TABLE inventory_reservations;
DROP TABLE inventory_entries;
DROP TABLE inventory_stocks;
