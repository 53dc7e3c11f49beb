SELECT count(*) FROM outbox_events
