-- text, number
SELECT * FROM inventory_stocks WHERE inventory_stocks.id > :1 ORDER BY inventory_stocks.id FETCH NEXT :2 ROWS ONLY
