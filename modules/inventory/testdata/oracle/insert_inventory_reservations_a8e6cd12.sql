-- text, text, text, timestamp, timestamp, timestamp
INSERT INTO inventory_reservations (id,reference,state,expires_at,created_at,updated_at) VALUES (:1,:2,:3,:4,:5,:6)
