-- text, text
SELECT * FROM inventory_stocks WHERE product_id IN (:1,:2) ORDER BY id FOR UPDATE WAIT 10
