-- The table identity_sessions is looked through by when sessions expire, to forget them.
-- +goose Up
CREATE INDEX identity_sessions_expires ON identity_sessions (expires_at);

-- +goose Down
DROP INDEX identity_sessions_expires;
