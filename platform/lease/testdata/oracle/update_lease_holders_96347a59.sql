-- text, number, text, text, number
UPDATE lease_holders SET holder=:1,until=:2 WHERE name = :3 AND (holder = :4 OR until < :5)
