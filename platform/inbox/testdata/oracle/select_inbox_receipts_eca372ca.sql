-- number, number
SELECT * FROM inbox_receipts WHERE handled_at < :1 ORDER BY handled_at FETCH NEXT :2 ROWS ONLY
