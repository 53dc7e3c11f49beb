-- text, text, text, number, bytes, bytes, number
INSERT INTO idempotency_keys (id,fingerprint,run,status,header,body,until) VALUES (:1,:2,:3,:4,:5,:6,:7)
