-- text, text, timestamp, timestamp, null
INSERT INTO identity_sessions (id,user_id,created_at,expires_at,ended_at) VALUES (:1,:2,:3,:4,:5)
