-- KEYS: the stream, the name of the last batch of this writer.
-- ARGV: this batch's name, how many entries the stream keeps, milliseconds for which a writer is remembered,
--       milliseconds for which a user's sessions are, and what their keys begin with;
--       then for each entry its text, its user or nothing, his session, when it was.
if redis.call('GET', KEYS[2]) == ARGV[1] then
    return 0
end
for at = 6, #ARGV, 4 do
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'entry', ARGV[at])
    if ARGV[at + 1] ~= '' then
        local sessions = ARGV[5] .. ARGV[at + 1]
        redis.call('ZADD', sessions, ARGV[at + 3], ARGV[at + 2])
        redis.call('ZREMRANGEBYRANK', sessions, 0, -1001)
        redis.call('PEXPIRE', sessions, ARGV[4])
    end
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
return 1
