-- timestamp, text, timestamp, text
UPDATE inventory_reservations SET expires_at=:1,state=:2,updated_at=:3 WHERE id = :4
