-- text, number, number
SELECT * FROM identity_users WHERE role = :1 AND active = :2 ORDER BY identity_users.email,identity_users.id FETCH NEXT :3 ROWS ONLY
