-- timestamp, text
UPDATE identity_refresh_tokens SET used_at=:1 WHERE digest = :2
