-- A session begins: by itself, in the place of one in the same slot, or in a place that was reserved for it.
-- KEYS: the new session; its user's index, epoch and reservations; the session that it follows.
-- ARGV: now, channel, base of the sessions' keys, new id, 1 if a user's, epoch or '', most, policy, end of the new
-- session, id and revision of the one that it follows or '', base of that one's index, 1 if a place was reserved,
-- 1 if changes of the one that it follows are to be held up; then the new session's fields.
local now, channel, base, id, epoch, policy = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[6], ARGV[8]
local of_user, most, ends_at, old, reservation = ARGV[5] == '1', tonumber(ARGV[7]), ARGV[9], ARGV[10], ARGV[13] == '1'
local old_index
if old ~= '' then
  local fields = redis.call('HMGET', KEYS[5], 'm', 'v')
  local old_ends = ends(fields[1], fields[2])
  if not old_ends or now >= old_ends then
    return { 'gone' }
  end
  if fields[2]:sub(21, 30) ~= ARGV[11] then
    return outdated(KEYS[5], ARGV[14])
  end
  old_index = index_of(fields[1], ARGV[12])
end

if reservation and redis.call('EXISTS', KEYS[1]) == 1 then
  -- This was done already, and the answer got lost.
  return { 'kept' }
end
local going = {}
local held = reservation and redis.call('ZREM', KEYS[4], id) == 1
if of_user then
  local promised = reservation and 0 or reserved(KEYS[4], now)
  if is_passed(KEYS[3], epoch) then
    return { 'epoch' }
  end
  if most > 0 and not (held and policy == 'reject') then
    if policy ~= 'reject' then
      promised = 0
    end
    going = evictions(others(KEYS[2], base, now, old), most, policy, promised)
    if not going then
      return { 'limit' }
    end
  end
end
if redis.call('EXISTS', KEYS[1]) == 1 or redis.call('ZSCORE', KEYS[4], id) then
  return { 'taken' }
end

for at = 15, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
end
local left = life(ends_at, now)
redis.call('PEXPIRE', KEYS[1], left)
if of_user then
  trim(KEYS[2], now)
  redis.call('ZADD', KEYS[2], ends_at, id)
  lengthen(KEYS[2], left)
end
if old ~= '' then
  finish(KEYS[5], old_index, channel, old)
end
local answer = { 'kept' }
for _, session in ipairs(going) do
  finish(session.key, KEYS[2], channel, session.id)
  answer[#answer + 1] = session.id
end
return answer
