-- number
SELECT * FROM identity_users ORDER BY identity_users.created_at DESC,identity_users.id DESC FETCH NEXT :1 ROWS ONLY
