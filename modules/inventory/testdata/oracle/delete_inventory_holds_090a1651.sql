-- text
DELETE FROM inventory_holds WHERE reservation_id = :1
