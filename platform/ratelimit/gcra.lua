-- The generic cell rate algorithm: KEYS[1] holds the time at which the whole burst is there again. Everything is in whole
-- microseconds, which a number of Lua holds exactly: fractions of seconds would cost a request by rounding.
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

-- No further away than a whole burst, though the clock went back after a failover or the quota has become smaller.
local full = math.min(math.max(tonumber(redis.call('GET', KEYS[1]) or now), now), now + interval * burst)
local spent = full + interval
local left = now - (spent - interval * burst)
if left < 0 then
	return {0, 0, full - now, -left}
end
redis.call('SET', KEYS[1], string.format('%.0f', spent), 'PX', math.ceil((spent - now) / 1000))
return {1, math.floor(left / interval), spent - now, 0}
