-- text, number
DELETE FROM catalog_categories WHERE id = :1 AND version = :2
