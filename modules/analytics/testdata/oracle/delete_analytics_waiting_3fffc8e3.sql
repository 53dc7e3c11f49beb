-- number, number
DELETE FROM analytics_waiting WHERE seq IN (:1,:2)
