-- A session ends. Says whether it was alive.
-- KEYS: the session. ARGV: now, channel, id, base of its user's index.
local fields = redis.call('HMGET', KEYS[1], 'b', 'l', 'u')
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
finish(KEYS[1], fields[3] and ARGV[4] .. fields[3], ARGV[2], ARGV[3])
local ends_at = ends(fields[1], fields[2])
return (ends_at and ARGV[1] < ends_at) and 1 or 0
