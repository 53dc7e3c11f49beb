-- 2 × number, 8 × text, 3 × timestamp
INSERT INTO order_orders (id,customer_id,status,total_cents,currency,payment_status,payment_ref,carrier,tracking,version,placed_at,expires_at,updated_at) VALUES (:1,:2,:3,:4,:5,:6,:7,:8,:9,:10,:11,:12,:13)
