-- number, number
SELECT id FROM outbox_sent WHERE sent_at < :1 ORDER BY sent_at FETCH NEXT :2 ROWS ONLY
