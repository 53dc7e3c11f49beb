-- timestamp, text, text
UPDATE identity_sessions SET ended_at=:1 WHERE user_id = :2 AND ended_at IS NULL AND id <> :3
