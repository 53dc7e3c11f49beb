-- number, number, timestamp, number, text, number
UPDATE inventory_stocks SET on_hand=:1,reserved=:2,updated_at=:3,version=:4 WHERE id = :5 AND version = :6
