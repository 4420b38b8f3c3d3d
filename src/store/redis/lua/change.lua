-- A change is applied to a session: `Record::apply` in Rust, in one step. Answers with all fields.
-- KEYS: the session. ARGV: now, its id, base of its user's index, expected revision or '', transit '1' or '0' or '',
-- touch or '', most fields or '', most bytes, bytes of a value that do not count, step of the secret 'p' or 'c' or '',
-- three parameters of the step, '=' and the sealed origin or '';
-- then operation, name and value of each edit, ordered by name.
local key, now, id, expected, transit, touch = KEYS[1], ARGV[1], ARGV[2], ARGV[4], ARGV[5], ARGV[6]
local step, edited = ARGV[10], #ARGV > 14
local all, at = redis.call('HGETALL', key), {}
for place = 1, #all, 2 do
  at[all[place]] = place + 1
end

local function field(name)
  return at[name] and all[at[name]]
end

local function put(name, value)
  redis.call('HSET', key, name, value)
  if not at[name] then
    at[name] = #all + 2
    all[#all + 1] = name
  end
  all[at[name]] = value
end

local function drop(name)
  local place = at[name]
  if place then
    redis.call('HDEL', key, name)
    local last = #all
    all[place - 1], all[place] = all[last - 1], all[last]
    at[all[place - 1]] = place
    at[name] = nil
    all[last - 1], all[last] = nil, nil
  end
end

local m, v = field('m'), field('v')
local ends_at = ends(m, v)
if #all > 0 and not ends_at then
  return { 'corrupt' }
end
if #all == 0 or now >= ends_at then
  return { 'gone' }
end
if field('h') and here_and_now() < tonumber(field('h')) then
  return { 'held-up' }
end
local seen, revision, on_its_way = v:sub(1, 20), v:sub(21, 30), v:sub(31, 31)
local secret, neighbours = v:sub(32, 63), v:sub(64)
if expected ~= '' and expected ~= revision then
  return { 'outdated' }
end
if on_its_way == '1' and transit == '' then
  return { 'in-transit' }
end
if not edited and touch == '' and step == '' and transit == '' and ARGV[14] == '' then
  return { 'merged', all }
end

-- First what the edits would make, then whether that is allowed; nothing is written before.
local edits = {}
for place = 15, #ARGV, 3 do
  local operation, name, value = ARGV[place], ARGV[place + 1], ARGV[place + 2]
  if #name > 255 then
    return { 'name-too-long', name }
  end
  if operation == '-' then
    value = false
  elseif operation == '+' then
    local why
    value, why = sum(field('a:' .. name) or '0', value)
    if not value then
      return { why, name }
    end
  end
  edits[#edits + 1] = { 'a:' .. name, value }
end

if edited and ARGV[7] ~= '' then
  local fields, bytes, uncounted = 0, 0, tonumber(ARGV[9])
  for place = 1, #all, 2 do
    if all[place]:sub(1, 2) == 'a:' then
      fields, bytes = fields + 1, bytes + #all[place] - 2 + #all[place + 1]
    end
  end
  local fields_before, bytes_before = fields, bytes
  for _, edit in ipairs(edits) do
    local present = field(edit[1])
    if present then
      fields, bytes = fields - 1, bytes - (#edit[1] - 2) - #present
    end
    if edit[2] then
      fields, bytes = fields + 1, bytes + (#edit[1] - 2) + #edit[2]
    end
  end
  if fields > tonumber(ARGV[7]) and fields > fields_before then
    return { 'too-many-fields' }
  end
  local counted = math.max(0, bytes - fields * uncounted)
  if counted > tonumber(ARGV[8]) and counted > math.max(0, bytes_before - fields_before * uncounted) then
    return { 'too-large', string.format('%.0f', counted) }
  end
end

for _, edit in ipairs(edits) do
  if edit[2] then
    put(edit[1], edit[2])
  else
    drop(edit[1])
  end
end
if touch ~= '' and touch > seen then
  seen = touch
end

-- Neighbours of the secret, if any: since when it is current (20 digits or dashes), '-' or '+' with the 48 bytes of the
-- pending successor, and 52 bytes for each previous one: its hash, and until when it is honoured.
local since, pending, rest = neighbours:sub(1, 20), nil, neighbours:sub(22)
if neighbours:sub(21, 21) == '+' then
  pending, rest = neighbours:sub(22, 69), neighbours:sub(70)
end
if step == 'p' and not pending and ARGV[11] == secret then
  if since == '' then
    since = string.rep('-', 20)
  end
  neighbours = since .. '+' .. ARGV[12] .. rest
elseif step == 'c' and pending and pending:sub(1, 32) == ARGV[11] then
  local previous = {}
  since = ARGV[12]
  for place = 1, #rest, 52 do
    if since < rest:sub(place + 32, place + 51) then
      previous[#previous + 1] = rest:sub(place, place + 51)
    end
  end
  previous[#previous + 1] = secret .. ARGV[13]
  neighbours = since .. '-' .. table.concat(previous, '', math.max(1, #previous - 3))
  secret = ARGV[11]
end
if ARGV[14] ~= '' then
  put('o', ARGV[14]:sub(2))
end
if transit ~= '' then
  on_its_way = transit
end
revision = string.format('%010.0f', (tonumber(revision) + 1) % 4294967296)
put('v', seen .. revision .. on_its_way .. secret .. neighbours)

local new_end = ends(m, field('v'))
if touch ~= '' then
  local left = life(new_end, now)
  redis.call('PEXPIRE', key, left)
  local index = index_of(m, ARGV[3])
  if index then
    redis.call('ZADD', index, new_end, id)
    lengthen(index, left)
  end
end
return { 'merged', all }
