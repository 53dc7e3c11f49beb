-- text, timestamp, number
SELECT id FROM identity_sessions WHERE user_id = :1 AND expires_at < :2 ORDER BY id FETCH NEXT :3 ROWS ONLY
