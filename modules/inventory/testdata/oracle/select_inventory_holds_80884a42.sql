-- text, text, number
SELECT * FROM inventory_holds WHERE product_id = :1 AND state = :2 ORDER BY inventory_holds.id FETCH NEXT :3 ROWS ONLY
