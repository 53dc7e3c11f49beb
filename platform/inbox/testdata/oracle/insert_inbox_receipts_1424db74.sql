-- text, text, number
INSERT INTO inbox_receipts (subscription,event_id,handled_at) VALUES (:1,:2,:3)
