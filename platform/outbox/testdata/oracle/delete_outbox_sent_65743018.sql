-- text
DELETE FROM outbox_sent WHERE id IN (:1)
