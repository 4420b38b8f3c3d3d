-- Who goes so that one more session fits: `Limit::evictions` in Rust. Nothing if the new one is refused instead.
local function evictions(live, most, policy, reserved)
  if most == 0 or #live + reserved < most then
    return {}
  end
  if policy == 'reject' then
    return nil
  end
  table.sort(live, function(one, other)
    if policy == 'unused' and one.seen ~= other.seen then
      return one.seen < other.seen
    end
    if one.created ~= other.created then
      return one.created < other.created
    end
    return before(one.id, other.id)
  end)
  local going = {}
  for at = 1, #live - (most - 1) do
    going[at] = live[at]
  end
  return going
end

-- Whether the user is in another epoch than the terms name.
local function is_passed(epochs, epoch)
  return epoch ~= '' and (redis.call('GET', epochs) or '0') ~= epoch
end

-- The user's live sessions, but for one.
local function others(index, base, now, but)
  local live = {}
  for _, session in ipairs(sessions(index, base, now)) do
    if session.alive and session.id ~= but then
      live[#live + 1] = session
    end
  end
  return live
end

-- How many places are promised to sessions that are about to begin.
local function reserved(reservations, now)
  redis.call('ZREMRANGEBYSCORE', reservations, '-inf', now)
  return redis.call('ZCARD', reservations)
end
