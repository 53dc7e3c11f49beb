SELECT count(*) FROM outbox_sent
