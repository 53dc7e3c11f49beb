-- number
SELECT * FROM identity_users ORDER BY identity_users.created_at,identity_users.id FETCH NEXT :1 ROWS ONLY
