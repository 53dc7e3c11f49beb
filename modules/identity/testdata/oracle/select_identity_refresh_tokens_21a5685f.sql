-- text, number
SELECT * FROM identity_refresh_tokens WHERE digest = :1 FETCH NEXT :2 ROWS ONLY
