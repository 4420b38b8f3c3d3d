-- The sessions of these ids that are there, ended by time or not: for each its id and its fields.
-- KEYS: the user's index, which says where they are. ARGV: base of the sessions' keys, ids.
local found = {}
for at = 2, #ARGV do
  local fields = redis.call('HGETALL', ARGV[1] .. text(ARGV[at]))
  if #fields > 0 then
    found[#found + 1] = { ARGV[at], fields }
  end
end
return found
