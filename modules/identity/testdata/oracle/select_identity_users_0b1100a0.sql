-- number
SELECT * FROM identity_users ORDER BY identity_users.email,identity_users.id FETCH NEXT :1 ROWS ONLY
