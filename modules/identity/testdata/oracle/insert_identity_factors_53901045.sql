-- text, text, number, number, timestamp
INSERT INTO identity_factors (user_id,secret,confirmed,last_step,created_at) VALUES (:1,:2,:3,:4,:5)
