-- text, text, text, text, text, text, timestamp
INSERT INTO order_changes (id,order_id,from_status,to_status,actor,reason,created_at) VALUES (:1,:2,:3,:4,:5,:6,:7)
