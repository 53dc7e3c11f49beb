-- number, number
DELETE FROM outbox_events WHERE seq BETWEEN :1 AND :2
