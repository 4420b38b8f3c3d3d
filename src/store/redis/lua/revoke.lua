-- A session ends. Says whether it was alive.
-- KEYS: the session. ARGV: now, channel, id, base of its user's index.
local fields = redis.call('HMGET', KEYS[1], 'm', 'v')
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
finish(KEYS[1], index_of(fields[1], ARGV[4]), ARGV[2], ARGV[3])
local ends_at = ends(fields[1], fields[2])
return (ends_at and ARGV[1] < ends_at) and 1 or 0
