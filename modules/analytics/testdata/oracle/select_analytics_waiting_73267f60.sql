-- number
SELECT stored_at FROM analytics_waiting ORDER BY seq FETCH NEXT :1 ROWS ONLY
