-- +goose Up
CREATE TABLE shop_everything (
    id        VARCHAR2(36 CHAR) NOT NULL,
    "SIZE"    NUMBER(10) NOT NULL,
    small     NUMBER(3) NOT NULL,
    "SHARE"   BINARY_DOUBLE NOT NULL,
    price     NUMBER(10,2) DEFAULT 1.5 NOT NULL,
    "RAW"     BLOB NOT NULL,
    key       RAW(32),
    title     CLOB,
    text      CLOB DEFAULT CHR(0) NOT NULL,
    code      VARCHAR2(2 CHAR) NOT NULL,
    parent_id VARCHAR2(36 CHAR),
    counted   NUMBER(20) NOT NULL,
    ratio     NUMBER(5,2),
    PRIMARY KEY (id)
);
CREATE TABLE shop_orders (
    id     VARCHAR2(36 CHAR) NOT NULL,
    note   VARCHAR2(100 CHAR) NOT NULL,
    amount NUMBER(19) DEFAULT 0 NOT NULL,
    paid   NUMBER(1) DEFAULT 0 NOT NULL,
    at     TIMESTAMP(6) NOT NULL,
    memo   VARCHAR2(50 CHAR),
    PRIMARY KEY (id)
);
CREATE INDEX shop_everything_size ON shop_everything ("SIZE" DESC);
CREATE UNIQUE INDEX uni_shop_everything_code ON shop_everything (code);
CREATE INDEX shop_orders_amount ON shop_orders (amount);
ALTER TABLE shop_everything ADD CONSTRAINT fk_shop_everything_parent FOREIGN KEY (parent_id) REFERENCES shop_orders (id) ON DELETE SET NULL;
ALTER TABLE shop_everything ADD CONSTRAINT shop_everything_small CHECK (SMALL > 0);

-- +goose Down
DROP TABLE shop_everything;
DROP TABLE shop_orders;
