"""The Lua that makes admission, progress and settling atomic, however many bots and workers there are.

A job is settled once: whoever comes second (a worker that was taken for dead, a cancel that came too late) changes
nothing and is told so.
"""

from __future__ import annotations

_IS_OPEN = """
local stage = redis.call('HGET', KEYS[1], 'stage')
if not stage or stage == 'done' or stage == 'failed' or stage == 'cancelled' then return 0 end
"""

# KEYS record, progress, owned, active, undelivered
# ARGV job id, now, when it stops counting, owner's limit, limit of all, record ttl, progress ttl, first update, fields
ADMIT = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 'known' end
for _, open in ipairs({KEYS[3], KEYS[4]}) do redis.call('ZREMRANGEBYSCORE', open, '-inf', ARGV[2]) end
if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[4]) then return 'owner' end
if redis.call('ZCARD', KEYS[4]) >= tonumber(ARGV[5]) then return 'full' end
redis.call('HSET', KEYS[1], unpack(ARGV, 9))
redis.call('EXPIRE', KEYS[1], ARGV[6])
redis.call('XADD', KEYS[2], '*', 'update', ARGV[8])
redis.call('EXPIRE', KEYS[2], ARGV[7])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
redis.call('EXPIREAT', KEYS[3], math.ceil(tonumber(ARGV[3])))
redis.call('ZADD', KEYS[4], ARGV[3], ARGV[1])
redis.call('ZADD', KEYS[5], ARGV[2], ARGV[1])
return 'admitted'
"""

# KEYS record, progress; ARGV stage, update, progress ttl
ADVANCE = f"""{_IS_OPEN}
redis.call('HSET', KEYS[1], 'stage', ARGV[1])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 200, '*', 'update', ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 1
"""

# KEYS record, progress, owned, active; ARGV job id, update, progress ttl, record ttl, fields of the record
SETTLE = f"""{_IS_OPEN}
redis.call('HSET', KEYS[1], unpack(ARGV, 5))
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('XADD', KEYS[2], '*', 'update', ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
return 1
"""

# KEYS record; ARGV field, value: written only while the record exists
SET_FIELD = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
"""
