-- 6 × number, 8 × text
INSERT ALL INTO order_lines (order_id,line_no,product_id,sku,name,quantity,price_cents) VALUES (:1,:2,:3,:4,:5,:6,:7) INTO order_lines (order_id,line_no,product_id,sku,name,quantity,price_cents) VALUES (:8,:9,:10,:11,:12,:13,:14) SELECT 1 FROM DUAL
