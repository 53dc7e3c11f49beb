-- text, text, text, number
SELECT * FROM identity_users WHERE identity_users.email >= :1 AND (identity_users.email > :2 OR identity_users.id > :3) ORDER BY identity_users.email,identity_users.id FETCH NEXT :4 ROWS ONLY
