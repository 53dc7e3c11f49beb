-- text, number
SELECT * FROM identity_users WHERE id = :1 AND ROWNUM <= :2 FOR UPDATE WAIT 10
