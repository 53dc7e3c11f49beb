-- number, text, text
UPDATE lease_holders SET until=:1 WHERE name = :2 AND holder = :3
