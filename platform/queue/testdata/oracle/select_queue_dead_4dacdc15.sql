-- number, text, number
SELECT * FROM queue_dead WHERE seq > :1 AND queue = :2 ORDER BY seq FETCH NEXT :3 ROWS ONLY
