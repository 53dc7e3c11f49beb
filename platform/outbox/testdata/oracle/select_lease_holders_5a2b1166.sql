-- text
SELECT count(*) FROM lease_holders WHERE name = :1
