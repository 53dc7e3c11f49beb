-- text, text, text, text, number, number, timestamp, timestamp
INSERT INTO identity_users (id,email,password_hash,role,active,version,created_at,updated_at) VALUES (:1,:2,:3,:4,:5,:6,:7,:8)
