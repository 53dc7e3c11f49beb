-- number
SELECT COUNT(*) AS events, MIN(happened_at) AS oldest FROM outbox_events FETCH NEXT :1 ROWS ONLY
