-- number
SELECT count(*) FROM outbox_events WHERE seq <= :1
