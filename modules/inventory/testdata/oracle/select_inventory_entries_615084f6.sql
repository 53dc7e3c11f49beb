-- text, number
SELECT * FROM inventory_entries WHERE product_id = :1 ORDER BY inventory_entries.created_at,inventory_entries.id FETCH NEXT :2 ROWS ONLY
