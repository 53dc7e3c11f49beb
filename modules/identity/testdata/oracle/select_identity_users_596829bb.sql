-- timestamp, timestamp, text, number
SELECT * FROM identity_users WHERE identity_users.created_at >= :1 AND (identity_users.created_at > :2 OR identity_users.id > :3) ORDER BY identity_users.created_at,identity_users.id FETCH NEXT :4 ROWS ONLY
