-- lint: allow one-ddl: the tables are new; where it stops half-way, drop them and run it again
-- +goose Up
CREATE TABLE identity_users (
    id            VARCHAR2(36 CHAR)  NOT NULL PRIMARY KEY,
    email         VARCHAR2(254 CHAR) NOT NULL,
    password_hash VARCHAR2(255 CHAR) NOT NULL,
    role          VARCHAR2(20 CHAR)  NOT NULL,
    active        NUMBER(1)          NOT NULL,
    version       NUMBER(19)         NOT NULL,
    created_at    TIMESTAMP(6)       NOT NULL,
    updated_at    TIMESTAMP(6)       NOT NULL
);
CREATE UNIQUE INDEX identity_users_email ON identity_users (email);
CREATE INDEX identity_users_created ON identity_users (created_at, id);
CREATE INDEX identity_users_role ON identity_users (role);

CREATE TABLE identity_sessions (
    id         VARCHAR2(36 CHAR) NOT NULL PRIMARY KEY,
    user_id    VARCHAR2(36 CHAR) NOT NULL,
    created_at TIMESTAMP(6)      NOT NULL,
    expires_at TIMESTAMP(6)      NOT NULL,
    ended_at   TIMESTAMP(6),
    CONSTRAINT identity_sessions_user_fk FOREIGN KEY (user_id) REFERENCES identity_users (id)
);
CREATE INDEX identity_sessions_user ON identity_sessions (user_id);

CREATE TABLE identity_refresh_tokens (
    digest     VARCHAR2(64 CHAR) NOT NULL PRIMARY KEY,
    session_id VARCHAR2(36 CHAR) NOT NULL,
    expires_at TIMESTAMP(6)      NOT NULL,
    used_at    TIMESTAMP(6),
    CONSTRAINT identity_refresh_tokens_session_fk FOREIGN KEY (session_id) REFERENCES identity_sessions (id)
);
CREATE INDEX identity_refresh_tokens_session ON identity_refresh_tokens (session_id);

CREATE TABLE identity_factors (
    user_id    VARCHAR2(36 CHAR)  NOT NULL PRIMARY KEY,
    secret     VARCHAR2(255 CHAR) NOT NULL,
    confirmed  NUMBER(1)          NOT NULL,
    last_step  NUMBER(19)         NOT NULL,
    created_at TIMESTAMP(6)       NOT NULL,
    CONSTRAINT identity_factors_user_fk FOREIGN KEY (user_id) REFERENCES identity_users (id)
);

CREATE TABLE identity_recovery_codes (
    user_id VARCHAR2(36 CHAR) NOT NULL,
    digest  VARCHAR2(64 CHAR) NOT NULL,
    PRIMARY KEY (user_id, digest),
    CONSTRAINT identity_recovery_codes_user_fk FOREIGN KEY (user_id) REFERENCES identity_users (id)
);

-- +goose Down
DROP TABLE identity_recovery_codes;
DROP TABLE identity_factors;
DROP TABLE identity_refresh_tokens;
DROP TABLE identity_sessions;
DROP TABLE identity_users;
