-- number, number, text, text
UPDATE identity_factors SET confirmed=:1,last_step=:2,secret=:3 WHERE user_id = :4
