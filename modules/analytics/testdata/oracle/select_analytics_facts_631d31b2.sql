-- number
SELECT * FROM analytics_facts ORDER BY event_id FETCH NEXT :1 ROWS ONLY
