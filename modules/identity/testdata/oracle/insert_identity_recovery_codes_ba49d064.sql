-- text, text, text, text
INSERT ALL INTO identity_recovery_codes (user_id,digest) VALUES (:1,:2) INTO identity_recovery_codes (user_id,digest) VALUES (:3,:4) SELECT 1 FROM DUAL
