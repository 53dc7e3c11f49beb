-- number, number
SELECT seq, id, type, subject, happened_at, traceparent, data FROM outbox_events WHERE seq > :1 ORDER BY seq FETCH NEXT :2 ROWS ONLY
