-- number
SELECT count(*) FROM (SELECT seq FROM analytics_waiting FETCH NEXT :1 ROWS ONLY) counted
