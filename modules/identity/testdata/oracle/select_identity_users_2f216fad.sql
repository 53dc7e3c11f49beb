-- text, number
SELECT * FROM identity_users WHERE role = :1 FETCH NEXT :2 ROWS ONLY
