-- text
SELECT * FROM inventory_reservations WHERE id IN (:1)
