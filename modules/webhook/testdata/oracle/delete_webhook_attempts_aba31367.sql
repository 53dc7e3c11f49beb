-- text, text, text, text, text, text
DELETE FROM webhook_attempts WHERE delivery_id IN (:1,:2,:3) AND delivery_id NOT IN (SELECT id FROM webhook_deliveries WHERE id IN (:4,:5,:6))
