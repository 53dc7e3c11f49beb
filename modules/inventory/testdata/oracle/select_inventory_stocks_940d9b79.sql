-- text, number
SELECT * FROM inventory_stocks WHERE location = :1 ORDER BY inventory_stocks.id FETCH NEXT :2 ROWS ONLY
