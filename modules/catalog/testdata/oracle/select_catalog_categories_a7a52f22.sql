-- text, text
SELECT * FROM catalog_categories WHERE name_folded IN (:1,:2) ORDER BY name_folded FOR UPDATE WAIT 10
