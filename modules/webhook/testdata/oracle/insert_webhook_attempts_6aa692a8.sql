-- text, text, number, timestamp, number, number, text, text
INSERT INTO webhook_attempts (id,delivery_id,attempt,started_at,duration_ms,status,error,response) VALUES (:1,:2,:3,:4,:5,:6,:7,:8)
