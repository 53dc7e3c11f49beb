-- 2 × number, 7 × text, 4 × timestamp
UPDATE webhook_webhooks SET active=:1,description=:2,disabled_at=:3,disabled_reason=:4,events=:5,failing_since=:6,old_secret=:7,old_secret_until=:8,secret=:9,updated_at=:10,url=:11,version=:12 WHERE id = :13
