-- text, number
SELECT * FROM identity_factors WHERE user_id = :1 FETCH NEXT :2 ROWS ONLY
