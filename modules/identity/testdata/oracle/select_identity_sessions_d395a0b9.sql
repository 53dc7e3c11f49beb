-- text, number
SELECT * FROM identity_sessions WHERE id = :1 AND ROWNUM <= :2 FOR UPDATE WAIT 10
