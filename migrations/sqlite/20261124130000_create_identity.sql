-- +goose Up
CREATE TABLE identity_users (
    id            TEXT     NOT NULL PRIMARY KEY,
    email         TEXT     NOT NULL,
    password_hash TEXT     NOT NULL,
    role          TEXT     NOT NULL,
    active        NUMERIC  NOT NULL,
    version       INTEGER  NOT NULL,
    created_at    DATETIME NOT NULL,
    updated_at    DATETIME NOT NULL
);
CREATE UNIQUE INDEX identity_users_email ON identity_users (email);
CREATE INDEX identity_users_created ON identity_users (created_at, id);
CREATE INDEX identity_users_role ON identity_users (role);

CREATE TABLE identity_sessions (
    id         TEXT     NOT NULL PRIMARY KEY,
    user_id    TEXT     NOT NULL REFERENCES identity_users (id),
    created_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    ended_at   DATETIME
);
CREATE INDEX identity_sessions_user ON identity_sessions (user_id);

CREATE TABLE identity_refresh_tokens (
    digest     TEXT     NOT NULL PRIMARY KEY,
    session_id TEXT     NOT NULL REFERENCES identity_sessions (id),
    expires_at DATETIME NOT NULL,
    used_at    DATETIME
);
CREATE INDEX identity_refresh_tokens_session ON identity_refresh_tokens (session_id);

CREATE TABLE identity_factors (
    user_id    TEXT     NOT NULL PRIMARY KEY REFERENCES identity_users (id),
    secret     TEXT     NOT NULL,
    confirmed  NUMERIC  NOT NULL,
    last_step  INTEGER  NOT NULL,
    created_at DATETIME NOT NULL
);

CREATE TABLE identity_recovery_codes (
    user_id TEXT NOT NULL REFERENCES identity_users (id),
    digest  TEXT NOT NULL,
    PRIMARY KEY (user_id, digest)
);

-- +goose Down
DROP TABLE identity_recovery_codes;
DROP TABLE identity_factors;
DROP TABLE identity_refresh_tokens;
DROP TABLE identity_sessions;
DROP TABLE identity_users;
