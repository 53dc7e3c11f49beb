-- number, text, text, timestamp, number, text
UPDATE identity_users SET active=:1,password_hash=:2,role=:3,updated_at=:4,version=:5 WHERE id = :6
