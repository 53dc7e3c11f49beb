-- 3 × null, 2 × number, 7 × text, 2 × timestamp
INSERT INTO webhook_webhooks (id,url,description,events,active,secret,old_secret,old_secret_until,failing_since,disabled_at,disabled_reason,version,created_at,updated_at) VALUES (:1,:2,:3,:4,:5,:6,:7,:8,:9,:10,:11,:12,:13,:14)
