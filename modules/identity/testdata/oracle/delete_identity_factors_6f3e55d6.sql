-- text
DELETE FROM identity_factors WHERE user_id = :1
