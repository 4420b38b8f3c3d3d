-- A page of a user's live sessions, ordered by id: for each its id and its fields. Of a user with many, only the ids
-- of all, in no order: to sort them here would hold everybody else up.
-- KEYS: the user's index. ARGV: now, base of the sessions' keys, id after which the page begins or '', its size.
if redis.call('ZCARD', KEYS[1]) > MANY then
  trim(KEYS[1], ARGV[1])
  return redis.call('ZRANGE', KEYS[1], 0, -1)
end
local size, page = tonumber(ARGV[4]), {}
local live = {}
for _, session in ipairs(sessions(KEYS[1], ARGV[2], ARGV[1])) do
  if session.alive and (ARGV[3] == '' or before(ARGV[3], session.id)) then
    live[#live + 1] = session
  end
end
table.sort(live, function(one, other) return before(one.id, other.id) end)
for at = 1, math.min(#live, size) do
  page[at] = { live[at].id, redis.call('HGETALL', live[at].key) }
end
return page
