-- text, text, text, text, number, text, text, text, text, text, number, text
INSERT ALL INTO inventory_holds (id,reservation_id,product_id,location,quantity,state) VALUES (:1,:2,:3,:4,:5,:6) INTO inventory_holds (id,reservation_id,product_id,location,quantity,state) VALUES (:7,:8,:9,:10,:11,:12) SELECT 1 FROM DUAL
