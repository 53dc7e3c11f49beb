-- number
SELECT seq, data_size FROM analytics_waiting ORDER BY seq FETCH NEXT :1 ROWS ONLY
