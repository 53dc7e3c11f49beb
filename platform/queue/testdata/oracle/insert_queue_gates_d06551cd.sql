-- text
INSERT INTO queue_gates (queue) VALUES (:1)
