-- number, number
SELECT * FROM queue_dead WHERE seq > :1 ORDER BY seq FETCH NEXT :2 ROWS ONLY
