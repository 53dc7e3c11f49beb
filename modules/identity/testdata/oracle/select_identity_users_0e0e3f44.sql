-- text, number
SELECT * FROM identity_users WHERE id = :1 FETCH NEXT :2 ROWS ONLY
