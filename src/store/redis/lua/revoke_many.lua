-- All sessions of a user end, or those on one device. Says which were alive. Those end as well that are over by this
-- caller's clock, but may not be by another's.
-- KEYS: the user's index and epoch. ARGV: now, channel, base of the sessions' keys, id that is spared or '',
-- 1 if one device is meant, that device, milliseconds that an epoch is remembered.
local ended = {}
for _, session in ipairs(sessions(KEYS[1], ARGV[3], ARGV[1])) do
  if session.id ~= ARGV[4] and (ARGV[5] ~= '1' or session.device == ARGV[6]) then
    finish(session.key, KEYS[1], ARGV[2], session.id)
    if session.alive then
      ended[#ended + 1] = session.id
    end
  end
end
if ARGV[5] ~= '1' then
  redis.call('INCR', KEYS[2])
  redis.call('PEXPIRE', KEYS[2], ARGV[7])
end
return ended
