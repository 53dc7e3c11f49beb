-- text, number, number
SELECT quarter, currency, COUNT(*) AS orders, SUM(units) AS units, SUM(total_cents) AS revenue_cents FROM analytics_facts WHERE kind = :1 AND happened_at >= :2 AND happened_at < :3 GROUP BY quarter, currency
