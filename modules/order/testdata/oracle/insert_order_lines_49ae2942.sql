-- text, number, text, text, text, number, number
INSERT INTO order_lines (order_id,line_no,product_id,sku,name,quantity,price_cents) VALUES (:1,:2,:3,:4,:5,:6,:7)
