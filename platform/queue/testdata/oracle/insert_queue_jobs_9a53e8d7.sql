-- text, text, text, number, bytes, number, number, number, null, text
INSERT INTO queue_jobs (queue,id,order_key,priority,payload,attempt,due_at,enqueued_at,owner,last_error) VALUES (:1,:2,:3,:4,:5,:6,:7,:8,:9,:10)
