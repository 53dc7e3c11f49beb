-- text
DELETE FROM identity_refresh_tokens WHERE digest IN (:1)
