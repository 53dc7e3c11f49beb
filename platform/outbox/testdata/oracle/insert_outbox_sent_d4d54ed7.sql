-- number, number, number
INSERT INTO outbox_sent (id, type, subject, happened_at, traceparent, data, sent_at) SELECT id, type, subject, happened_at, traceparent, data, :1 FROM outbox_events WHERE seq IN (:2,:3)
