-- number, number
SELECT kind, waited FROM ( SELECT kind, waited, ROW_NUMBER() OVER (PARTITION BY kind ORDER BY waited) AS place, COUNT(*) OVER (PARTITION BY kind) AS many FROM analytics_facts WHERE placed_at >= :1 AND placed_at < :2 AND waited IS NOT NULL) ranked WHERE (place - 1) * 2 <= many AND many < place * 2
