-- number, number
DELETE FROM outbox_events WHERE seq IN (:1,:2)
