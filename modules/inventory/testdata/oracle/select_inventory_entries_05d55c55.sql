-- text, timestamp, timestamp, text, number
SELECT * FROM inventory_entries WHERE product_id = :1 AND (inventory_entries.created_at <= :2 AND (inventory_entries.created_at < :3 OR inventory_entries.id < :4)) ORDER BY inventory_entries.created_at DESC,inventory_entries.id DESC FETCH NEXT :5 ROWS ONLY
