-- lint: allow one-ddl: the tables are new; where it stops half-way, drop them and run it again
-- +goose Up
CREATE TABLE identity_users (
    id            CHAR(36)     NOT NULL PRIMARY KEY,
    email         VARCHAR(254) NOT NULL,
    password_hash VARCHAR(255) NOT NULL,
    role          VARCHAR(20)  NOT NULL,
    active        BOOLEAN      NOT NULL,
    version       BIGINT       NOT NULL,
    created_at    DATETIME(6)  NOT NULL,
    updated_at    DATETIME(6)  NOT NULL,
    UNIQUE INDEX identity_users_email (email),
    INDEX identity_users_created (created_at, id),
    INDEX identity_users_role (role)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE identity_sessions (
    id         CHAR(36)    NOT NULL PRIMARY KEY,
    user_id    CHAR(36)    NOT NULL,
    created_at DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    ended_at   DATETIME(6),
    INDEX identity_sessions_user (user_id),
    CONSTRAINT identity_sessions_user_fk FOREIGN KEY (user_id) REFERENCES identity_users (id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE identity_refresh_tokens (
    digest     CHAR(64)    NOT NULL PRIMARY KEY,
    session_id CHAR(36)    NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    used_at    DATETIME(6),
    INDEX identity_refresh_tokens_session (session_id),
    CONSTRAINT identity_refresh_tokens_session_fk FOREIGN KEY (session_id) REFERENCES identity_sessions (id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE identity_factors (
    user_id    CHAR(36)     NOT NULL PRIMARY KEY,
    secret     VARCHAR(255) NOT NULL,
    confirmed  BOOLEAN      NOT NULL,
    last_step  BIGINT       NOT NULL,
    created_at DATETIME(6)  NOT NULL,
    CONSTRAINT identity_factors_user_fk FOREIGN KEY (user_id) REFERENCES identity_users (id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE identity_recovery_codes (
    user_id CHAR(36) NOT NULL,
    digest  CHAR(64) NOT NULL,
    PRIMARY KEY (user_id, digest),
    CONSTRAINT identity_recovery_codes_user_fk FOREIGN KEY (user_id) REFERENCES identity_users (id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE identity_recovery_codes;
DROP TABLE identity_factors;
DROP TABLE identity_refresh_tokens;
DROP TABLE identity_sessions;
DROP TABLE identity_users;
