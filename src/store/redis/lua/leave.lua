-- A session ends for another in another slot to follow it, if it is still what it was.
-- KEYS: the session. ARGV: now, channel, id, revision, base of its user's index,
-- 1 if its changes are to be held up.
local fields = redis.call('HMGET', KEYS[1], 'm', 'v')
local ends_at = ends(fields[1], fields[2])
if not ends_at or ARGV[1] >= ends_at then
  return { 'gone' }
end
if fields[2]:sub(21, 30) ~= ARGV[4] then
  return outdated(KEYS[1], ARGV[6])
end
finish(KEYS[1], index_of(fields[1], ARGV[5]), ARGV[2], ARGV[3])
return { 'left' }
