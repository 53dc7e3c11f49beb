-- text, text
DELETE FROM identity_sessions WHERE id IN (:1,:2)
