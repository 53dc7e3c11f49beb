-- 3 × bytes, 2 × null, 10 × number, 5 × text
INSERT INTO tasks_tasks (id,kind,owner,owed,state,canceling,unique_key,run,attempt,retention,progress,message,saved,result,failure,run_at,created_at,started_at,finished_at,expires_at) VALUES (:1,:2,:3,:4,:5,:6,:7,:8,:9,:10,:11,:12,:13,:14,:15,:16,:17,:18,:19,:20)
