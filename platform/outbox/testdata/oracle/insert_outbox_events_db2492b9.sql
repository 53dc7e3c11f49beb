-- text, text, text, number, text, bytes
INSERT INTO outbox_events (id,type,subject,happened_at,traceparent,data) VALUES (:1,:2,:3,:4,:5,:6)
