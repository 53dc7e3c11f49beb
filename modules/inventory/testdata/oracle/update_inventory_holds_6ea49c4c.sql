-- text, text
UPDATE inventory_holds SET state=:1 WHERE reservation_id = :2
