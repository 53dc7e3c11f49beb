-- number, number
SELECT kind, COUNT(*) AS orders FROM analytics_facts WHERE placed_at >= :1 AND placed_at < :2 GROUP BY kind
