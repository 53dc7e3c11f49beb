-- text, text, number
INSERT INTO lease_holders (name,holder,until) VALUES (:1,:2,:3)
