-- number, number
SELECT * FROM analytics_waiting WHERE seq BETWEEN :1 AND :2 ORDER BY seq
