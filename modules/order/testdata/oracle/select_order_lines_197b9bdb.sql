-- text
SELECT * FROM order_lines WHERE order_id IN (:1) ORDER BY order_id, line_no
