-- text, text
DELETE FROM analytics_facts WHERE event_id IN (:1,:2)
