-- text, text, number
SELECT * FROM catalog_products WHERE deleted_at = 0 AND ((INSTR(name_folded, :1) > 0 OR INSTR(LOWER(sku), :2) > 0)) ORDER BY catalog_products.name_folded,catalog_products.id FETCH NEXT :3 ROWS ONLY
