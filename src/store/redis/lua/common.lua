-- What the scripts share. MARGIN, LONGEST and HOLD (milliseconds) stand before this.
--
-- An instant is a text of 20 digits: a number of Lua's holds 53 bits, an instant has 64. Two such texts compare as the
-- instants do. A session has few fields, as each of them costs a reader something:
--
-- `m`, which stays as it is: when it was created, after how many milliseconds without use it ends, when it ends however
-- much it is used (20 digits each), the lengths of its user and of its device (6 digits or dashes each), these two, and
-- then what no script looks at.
--
-- `v`, which changes: when it was last used (20 digits), its revision (10 digits), '1' if it is on its way to another
-- store or else '0', the hash of its secret (32 bytes), and the secret's neighbours, if there are any.

local LAST = '18446744073709551615'

-- The sum of two numbers of 20 digits. It stops at the last one, as the arithmetic of instants does.
local function plus(a, b)
  local low = tonumber(a:sub(11)) + tonumber(b:sub(11))
  local high = tonumber(a:sub(1, 10)) + tonumber(b:sub(1, 10))
  if low >= 1e10 then
    low, high = low - 1e10, high + 1
  end
  local sum = string.format('%010.0f%010.0f', high, low)
  if #sum > 20 or sum > LAST then
    return LAST
  end
  return sum
end

-- When a session ends. Nothing if its fields are none of ours: then it counts as not there.
local function ends(m, v)
  if not m or not v or #m < 72 or #v < 63 or m:sub(1, 60):find('%D') or v:sub(1, 30):find('%D') then
    return nil
  end
  local idle, absolute = plus(v:sub(1, 20), m:sub(21, 40)), m:sub(41, 60)
  if idle < absolute then
    return idle
  end
  return absolute
end

-- The user and the device of a session; false for each that it has not.
local function whose(m)
  local user, device = tonumber(m:sub(61, 66)), tonumber(m:sub(67, 72))
  local after = 73 + (user or 0)
  return user and m:sub(73, after - 1), device and m:sub(after, after + device - 1)
end

-- What the index of a session's user is called, if it has a user.
local function index_of(m, indexes)
  local user = m and #m >= 72 and whose(m)
  return user and indexes .. user
end

-- The difference of two instants in milliseconds, moved by the margin, as Redis takes a time to live.
local function life(ends_at, now)
  local left = tonumber(ends_at) - tonumber(now) + MARGIN
  return string.format('%.0f', math.min(left, LONGEST))
end

-- Gives a key at least so long to live.
local function lengthen(key, left)
  if redis.call('PTTL', key) < tonumber(left) then
    redis.call('PEXPIRE', key, left)
  end
end

local LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

local function letter(number, unit)
  local at = math.floor(number / unit) % 64 + 1
  return LETTERS:sub(at, at)
end

-- The 18 bytes of an id as base64url, as they stand in the name of a key.
local function text(id)
  return (id:gsub('...', function(three)
    local a, b, c = three:byte(1, 3)
    local n = a * 65536 + b * 256 + c
    return letter(n, 262144) .. letter(n, 4096) .. letter(n, 64) .. letter(n, 1)
  end))
end

-- Whether one id comes before another. Lua compares texts as the server's locale does; ids are bytes.
local function before(one, other)
  for at = 1, 18 do
    local a, b = one:byte(at), other:byte(at)
    if a ~= b then
      return a < b
    end
  end
  return false
end

-- Forgets what has ended so long ago that no node's clock is so far behind.
local function trim(index, now)
  redis.call('ZREMRANGEBYSCORE', index, '-inf', string.format('%.0f', tonumber(now) - MARGIN))
end

-- A user's sessions that are there, ended by time or not. The index is trimmed, and loses whom it leads to in vain.
local function sessions(index, base, now)
  trim(index, now)
  local found = {}
  for _, id in ipairs(redis.call('ZRANGE', index, 0, -1)) do
    local key = base .. text(id)
    local fields = redis.call('HMGET', key, 'm', 'v')
    local m, v = fields[1], fields[2]
    local ends_at = ends(m, v)
    if ends_at then
      local _, device = whose(m)
      found[#found + 1] =
        { id = id, key = key, created = m:sub(1, 20), seen = v:sub(1, 20), device = device, alive = now < ends_at }
    elseif not m and redis.call('EXISTS', key) == 0 then
      redis.call('ZREM', index, id)
    end
  end
  return found
end

-- Ends a session, and says so to all who listen.
local function finish(key, index, channel, id)
  redis.call('DEL', key)
  if index then
    redis.call('ZREM', index, id)
  end
  redis.call('PUBLISH', channel, id)
end

-- The server's own time, in milliseconds: for what no other clock is compared with.
local function here_and_now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Says what a session is that is to be followed by another, and is not what it was expected to be. Whoever has met that
-- often enough asks for its changes to be held up a little: else one that changes all the time is never followed.
local function outdated(key, hold)
  local fields = redis.call('HGETALL', key)
  if hold == '1' then
    redis.call('HSET', key, 'h', string.format('%.0f', here_and_now() + HOLD))
  end
  return { 'outdated', fields }
end
