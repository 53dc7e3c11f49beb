-- text
SELECT identity_sessions.user_id, identity_sessions.expires_at, identity_sessions.ended_at, identity_users.role, identity_users.active FROM identity_sessions JOIN identity_users ON identity_users.id = identity_sessions.user_id WHERE identity_sessions.id = :1
