-- number, bytes, number
INSERT INTO analytics_waiting (data_size,data,stored_at) VALUES (:1,:2,:3)
