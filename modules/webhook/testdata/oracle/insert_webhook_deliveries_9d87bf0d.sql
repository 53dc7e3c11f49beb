-- 1 × bytes, 1 × null, 3 × number, 6 × text, 2 × timestamp
INSERT INTO webhook_deliveries (id,webhook_id,event_id,event_type,body,state,attempts,round,last_status,last_error,next_at,created_at,finished_at) VALUES (:1,:2,:3,:4,:5,:6,:7,:8,:9,:10,:11,:12,:13)
