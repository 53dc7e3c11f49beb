-- text, text, text, number, number, number, timestamp, timestamp
INSERT INTO inventory_stocks (id,product_id,location,on_hand,reserved,version,created_at,updated_at) VALUES (:1,:2,:3,:4,:5,:6,:7,:8)
