-- number
SELECT * FROM inventory_stocks ORDER BY inventory_stocks.id FETCH NEXT :1 ROWS ONLY
