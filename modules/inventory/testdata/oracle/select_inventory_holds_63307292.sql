-- text
SELECT * FROM inventory_holds WHERE reservation_id = :1 ORDER BY id
