-- A place is reserved for a session that is to follow one in another slot.
-- KEYS: the new session; its user's index, epoch and reservations.
-- ARGV: now, base of the sessions' keys, new id, 1 if a user's, epoch or '', most, policy, end of the reservation,
-- milliseconds that it lives.
local now, base, id, epoch, most = ARGV[1], ARGV[2], ARGV[3], ARGV[5], tonumber(ARGV[6])
local current = '0'
if ARGV[4] == '1' then
  if is_passed(KEYS[3], epoch) then
    return { 'epoch' }
  end
  current = redis.call('GET', KEYS[3]) or '0'
  if most > 0 and ARGV[7] == 'reject' then
    local live = others(KEYS[2], base, now, '')
    if not evictions(live, most, 'reject', reserved(KEYS[4], now)) then
      return { 'limit' }
    end
  end
end
if redis.call('EXISTS', KEYS[1]) == 1 or redis.call('ZSCORE', KEYS[4], id) then
  return { 'taken' }
end
redis.call('ZADD', KEYS[4], ARGV[8], id)
redis.call('PEXPIRE', KEYS[4], ARGV[9])
return { 'held', current }
