-- number, timestamp, text, number, null, number, text, text
UPDATE webhook_deliveries SET attempts=:1,finished_at=:2,last_error=:3,last_status=:4,next_at=:5,round=:6,state=:7 WHERE id = :8
