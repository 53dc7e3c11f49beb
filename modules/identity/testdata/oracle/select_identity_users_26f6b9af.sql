-- text, number
SELECT * FROM identity_users WHERE email = :1 FETCH NEXT :2 ROWS ONLY
