-- text, text, timestamp, null
INSERT INTO identity_refresh_tokens (digest,session_id,expires_at,used_at) VALUES (:1,:2,:3,:4)
