-- text, text, number
SELECT * FROM inventory_stocks WHERE product_id = :1 AND location = :2 ORDER BY inventory_stocks.id FETCH NEXT :3 ROWS ONLY
