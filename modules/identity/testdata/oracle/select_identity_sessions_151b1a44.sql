-- timestamp, number
SELECT id FROM identity_sessions WHERE expires_at < :1 ORDER BY expires_at FETCH NEXT :2 ROWS ONLY
