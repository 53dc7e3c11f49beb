-- text, number
SELECT * FROM identity_users WHERE role = :1 AND active = :2 ORDER BY id FOR UPDATE WAIT 10
