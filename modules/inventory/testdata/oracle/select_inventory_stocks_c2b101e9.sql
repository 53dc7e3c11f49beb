-- text, text, number
SELECT * FROM inventory_stocks WHERE product_id = :1 AND inventory_stocks.id > :2 ORDER BY inventory_stocks.id FETCH NEXT :3 ROWS ONLY
