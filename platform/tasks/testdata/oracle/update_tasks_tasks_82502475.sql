-- number, bytes, number, text, number, bytes, null, null, text, null, text, text
UPDATE tasks_tasks SET expires_at=:1,failure=:2,finished_at=:3,message=:4,progress=:5,result=:6,run=:7,saved=:8,state=:9,unique_key=:10 WHERE id = :11 AND run = :12
