"""The Lua scripts that change a job's records and its queue in one step, however many bots and workers there are.

A job is settled once: whoever comes second (a worker that was taken for dead, a cancellation that came too late)
changes nothing and is told so.

At its memory limit Redis refuses the first write of a script if that write needs memory, and lets the rest of a script
pass once a write was done. So scripts that open or take jobs begin with a write that needs memory (all or nothing is
done), and scripts that end jobs begin with one that frees memory (they always work).
"""

from __future__ import annotations

_IS_OPEN = """
local stage = redis.call('HGET', KEYS[1], 'stage')
if not stage or stage == 'done' or stage == 'failed' or stage == 'cancelled' then return 0 end
"""

# Opens the record and puts the job into its queue. `serial` owners have their jobs run one after another: only the
# first enters the queue now. The fields of the record are ARGV[12] to ARGV[11 + n], those of RQ's job come after them.
# KEYS record, progress, owned, active, undelivered, RQ's job, RQ's queue, RQ's set of queues, serial owners, listed
# ARGV job id, now, when it stops counting, owner's limit, limit of all, record ttl, progress ttl, first update,
#      is serial, most listed, n, fields of the record, fields of RQ's job
ADMIT = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 'known' end
if redis.call('ZCOUNT', KEYS[3], '(' .. ARGV[2], '+inf') >= tonumber(ARGV[4]) then return 'owner' end
if redis.call('ZCOUNT', KEYS[4], '(' .. ARGV[2], '+inf') >= tonumber(ARGV[5]) then return 'full' end
local last = 11 + tonumber(ARGV[11])
redis.call('HSET', KEYS[1], unpack(ARGV, 12, last))
redis.call('EXPIRE', KEYS[1], ARGV[6])
redis.call('XADD', KEYS[2], '*', 'update', ARGV[8])
redis.call('EXPIRE', KEYS[2], ARGV[7])
for _, open in ipairs({KEYS[3], KEYS[4]}) do
  redis.call('ZREMRANGEBYSCORE', open, '-inf', ARGV[2])
  redis.call('ZADD', open, ARGV[3], ARGV[1])
end
redis.call('EXPIREAT', KEYS[3], math.ceil(tonumber(ARGV[3])))
redis.call('ZADD', KEYS[5], ARGV[2], ARGV[1])
if ARGV[9] == '1' then
  redis.call('SADD', KEYS[9], KEYS[3])
  redis.call('ZADD', KEYS[10], ARGV[2], ARGV[1])
  redis.call('ZREMRANGEBYRANK', KEYS[10], 0, -1 - tonumber(ARGV[10]))
  if redis.call('ZRANK', KEYS[3], ARGV[1]) > 0 then return 'admitted' end
end
redis.call('DEL', KEYS[6])
redis.call('HSET', KEYS[6], unpack(ARGV, last + 1))
redis.call('SADD', KEYS[8], KEYS[7])
redis.call('RPUSH', KEYS[7], ARGV[1])
return 'admitted'
"""

# Puts a job that is nowhere into its queue: 1, or 0 when it is settled, waits already, or a worker has it.
# KEYS record, RQ's job, RQ's queue, RQ's set of queues, RQ's intermediate queue, RQ's started jobs
# ARGV job id, fields of RQ's job
ENQUEUE = f"""{_IS_OPEN}
if redis.call('LPOS', KEYS[3], ARGV[1]) or redis.call('LPOS', KEYS[5], ARGV[1]) then return 0 end
for _, entry in ipairs(redis.call('ZRANGE', KEYS[6], 0, -1)) do
  if string.match(entry, '^[^:]+') == ARGV[1] then return 0 end
end
redis.call('RPUSH', KEYS[3], ARGV[1])
redis.call('SADD', KEYS[4], KEYS[3])
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], unpack(ARGV, 2))
return 1
"""

# Takes back a submission whose outcome is not known: 'gone' when nothing of it is left, 'running' when a worker has it;
# then it is asked to stop, and its reply is not delivered.
# KEYS record, progress, owned, active, undelivered, RQ's job, RQ's queue, listed; ARGV job id
RETRACT = """
redis.call('ZREM', KEYS[5], ARGV[1])
local stage = redis.call('HGET', KEYS[1], 'stage')
if not stage then return 'gone' end
local waited = redis.call('LREM', KEYS[7], 0, ARGV[1])
if stage == 'queued' and (waited > 0 or redis.call('EXISTS', KEYS[6]) == 0) then
  redis.call('DEL', KEYS[1], KEYS[2], KEYS[6])
  for _, set in ipairs({KEYS[3], KEYS[4], KEYS[8]}) do redis.call('ZREM', set, ARGV[1]) end
  return 'gone'
end
redis.call('HSET', KEYS[1], 'cancel_asked', '1', 'delivered', '1')
return 'running'
"""

# An update after the member has asked for an end says so.
# KEYS record, progress; ARGV stage, update, progress ttl
ADVANCE = f"""{_IS_OPEN}
local update = ARGV[2]
if redis.call('HGET', KEYS[1], 'cancel_asked') == '1' then
  update = string.gsub(update, '"stopping":false', '"stopping":true', 1)
end
redis.call('HSET', KEYS[1], 'stage', ARGV[1])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 200, '*', 'update', update)
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 1
"""

# KEYS record, progress, owned, active; ARGV job id, update, progress ttl, record ttl, fields of the record
SETTLE = f"""{_IS_OPEN}
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 5))
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('XADD', KEYS[2], '*', 'update', ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 1
"""

# Notes that the member wants the job to end, and tells its followers: 1, or 0 when it is settled or unknown.
# KEYS record, progress
ASK_CANCEL = f"""{_IS_OPEN}
redis.call('XTRIM', KEYS[2], 'MAXLEN', 200)
redis.call('HSET', KEYS[1], 'cancel_asked', '1')
local latest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
if latest[1] then
  local update = string.gsub(latest[1][2][2], '"stopping":false', '"stopping":true', 1)
  redis.call('XADD', KEYS[2], '*', 'update', update)
end
return 1
"""

# KEYS record, undelivered; ARGV job id
MARK_DELIVERED = """
redis.call('ZREM', KEYS[2], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'delivered', '1') end
"""

# KEYS record; ARGV field, value: written only while the record exists
SET_FIELD = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
"""

# The waiting jobs in the order in which they will be taken. Servers take turns, and within a server its members do:
# first comes who has the fewest jobs running and taken before, then who has waited longest.
# KEYS RQ's queue, RQ's intermediate queue, RQ's started jobs
_IN_ORDER = """
local servers, members, counted = {}, {}, {}
local function owners(id)
  local found = redis.call('HMGET', 'rq:job:' .. id, 'cadenza_server', 'cadenza_member')
  return found[1] or id, found[2] or id
end
local function count(id)
  if counted[id] then return end
  counted[id] = true
  local server, member = owners(id)
  servers[server] = (servers[server] or 0) + 1
  members[member] = (members[member] or 0) + 1
end
for _, id in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do count(id) end
for _, entry in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do count(string.match(entry, '^[^:]+')) end

local function take_turns(jobs, owner, running)
  local before = {}
  for _, job in ipairs(jobs) do
    local name = job[owner]
    job.turn = before[name] or running[name] or 0
    before[name] = job.turn + 1
  end
  table.sort(jobs, function(a, b)
    if a.turn ~= b.turn then return a.turn < b.turn end
    return a.place < b.place
  end)
end
local waiting = {}
for place, id in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local server, member = owners(id)
  waiting[place] = {id = id, place = place, server = server, member = member}
end
take_turns(waiting, 'member', members)
take_turns(waiting, 'server', servers)
"""

ORDER = f"""{_IN_ORDER}
local ids = {{}}
for place, job in ipairs(waiting) do ids[place] = job.id end
return ids
"""

# Moves the job whose turn it is to RQ's intermediate queue and returns its id.
# ARGV '', or 'member' or 'server': then only a job whose member or server has none running
TAKE = f"""{_IN_ORDER}
local running = {{member = members, server = servers}}
for _, job in ipairs(waiting) do
  if ARGV[1] == '' or not running[ARGV[1]][job[ARGV[1]]] then
    redis.call('RPUSH', KEYS[2], job.id)
    redis.call('LREM', KEYS[1], 1, job.id)
    return job.id
  end
end
return false
"""
