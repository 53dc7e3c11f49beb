-- text, timestamp, text, number
SELECT reference FROM inventory_reservations WHERE state = :1 AND expires_at <= :2 AND reference > :3 ORDER BY reference FETCH NEXT :4 ROWS ONLY
