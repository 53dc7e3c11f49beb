-- text, text, number
SELECT digest FROM identity_refresh_tokens WHERE session_id IN (:1,:2) FETCH NEXT :3 ROWS ONLY
