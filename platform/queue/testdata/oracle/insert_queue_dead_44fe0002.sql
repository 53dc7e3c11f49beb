-- text, text, text, number, bytes, number, number, number, text
INSERT INTO queue_dead (queue,id,order_key,priority,payload,attempt,enqueued_at,died_at,last_error) VALUES (:1,:2,:3,:4,:5,:6,:7,:8,:9)
