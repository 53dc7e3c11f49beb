-- text, number
SELECT COUNT(*) AS places, COALESCE(SUM(on_hand - reserved), 0) AS pieces FROM inventory_stocks WHERE product_id = :1 FETCH NEXT :2 ROWS ONLY
