-- number, number, text, text, number, text, number
UPDATE analytics_products SET active=:1,deleted=:2,name=:3,sku=:4,version=:5 WHERE id = :6 AND version <= :7
