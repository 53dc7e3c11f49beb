-- text, text
DELETE FROM analytics_sold WHERE event_id IN (:1,:2)
