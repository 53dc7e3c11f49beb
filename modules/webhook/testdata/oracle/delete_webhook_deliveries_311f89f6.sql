-- text, text, text, text
DELETE FROM webhook_deliveries WHERE id IN (:1,:2,:3) AND state <> :4
