-- text, text
DELETE FROM inbox_receipts WHERE subscription = :1 AND event_id IN (:2)
