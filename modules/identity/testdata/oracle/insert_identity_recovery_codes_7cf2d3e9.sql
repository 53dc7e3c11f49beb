-- text, text
INSERT INTO identity_recovery_codes (user_id,digest) VALUES (:1,:2)
