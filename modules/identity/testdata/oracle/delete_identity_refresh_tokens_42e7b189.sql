-- text, text
DELETE FROM identity_refresh_tokens WHERE session_id IN (:1,:2)
