"""What is done in Redis in one step: Lua scripts, each of them atomic over all servers.

The keys are in script_parts.py, as is what several scripts do.

Servers listen to one channel each, bridgecall:server:S. A script publishes to the channels of those who have
members in the room, so that all of them hear of everything in the order in which Redis did it.

A server's epoch grows with each of its connections: what was sent by an older one, and is read by Redis after
the newer one has said its first beat, changes nothing any more.

Keys are made up inside of the scripts: one Redis, not a cluster. Numbers have 16 digits, which cjson would
round; they travel as text.
"""

from __future__ import annotations

from .door_scripts import DOOR_SCRIPTS
from .resume_scripts import RESUME_SCRIPTS
from .script_parts import COMMON

PREFIX = "bridgecall:"

# ARGV: digest, server, user id, info, most members, token of the joining, epoch, most members if somebody there is
# not capable of everything (their infos say so), address, doors that were seen (empty: no room; "*": admitted), doors
# of the room if it is made (empty: it may not be).
# Who is in the way on a server that is dead goes at once; who is on one that is cut off may soon be.
_JOIN = """
local d, me, user, info, most, token = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
if not is_current(me, ARGV[7]) then return 'again' end
local function find(found)
  for _, m in ipairs(found) do
    if m.user == user then return m end
  end
end
local found = entries(d)
for _, m in ipairs(found) do
  if not string.find(m.i, '"capabilities":[', 1, true) then most = math.min(most, tonumber(ARGV[8])) end
end
local doubtful = {}
local doubts = false
if find(found) or #found >= most then
  for _, s in ipairs((servers(found))) do
    if s ~= me then
      if not alive(s) then
        reap(s)
      elseif tell(s, '?') == 0 then
        doubtful[s] = true
        doubts = true
      end
    end
  end
  found = entries(d)
end
local old = find(found)
if old and old.s ~= '-' and not is_absent(d, old) then return doubtful[old.s] and 'wait' or 'user-id-taken' end
if #found - (old and 1 or 0) >= most then return doubts and 'wait' or 'room-full ' .. most end
local seen, made = ARGV[10], ARGV[11]
if #found == 0 then
  if made == '' then return 'changed' end
  redis.call('HSET', P .. 'room:' .. d, 'host', user, 'doors', made)
elseif seen ~= '*' and seen ~= (doors(d) or '') then
  return 'changed'
end
if is_banned(d, user, ARGV[9]) then return 'changed' end
if old then -- whoever is away under this name does not come back
  local kept = doors(d)
  remove(d, {old})
  found = entries(d)
  if #found == 0 then redis.call('HSET', P .. 'room:' .. d, 'host', user, 'doors', kept or made) end
end
local now = redis.call('TIME')
local n = tonumber(now[1]) * 1000000 + tonumber(now[2])
local last = tonumber(redis.call('GET', P .. 'number') or '0')
if n <= last then n = last + 1 end
n = string.format('%.0f', n)
redis.call('SET', P .. 'number', n, 'EX', 86400)
local m = {user = user, n = n, s = me, i = info}
put(d, m)
came_from(d, user, ARGV[9])
local event = cjson.encode({t = 'join', r = d, n = n, s = me, i = info})
announce(found, event, me)
local _, told = servers(found)
if old and old.s ~= '-' and old.s ~= me and not told[old.s] then tell(old.s, event) end -- that was its last one
found[#found + 1] = m
local leader = lead(d, found)
tell(me, cjson.encode({t = 'joined', r = d, n = n, k = token, m = listed(found), l = leader, d = stored(d),
  h = host(d), w = doors(d)}))
return 'ok'
"""

# ARGV: digest, server, user id, number.
_LEAVE = """
local d, me, user, n = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
for _, m in ipairs(entries(d)) do
  if m.user == user and m.n == n and m.s == me then
    remove(d, {m})
    return 1
  end
end
return 0
"""

# ARGV: digest, server, user id, number, info, epoch.
_UPDATE = """
local d, me, user, n, info = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if not is_current(me, ARGV[6]) then return 0 end
local found = entries(d)
for _, m in ipairs(found) do
  if m.user == user and m.n == n and m.s == me then
    m.i = info
    put(d, m)
    announce(found, cjson.encode({t = 'update', r = d, n = n, i = info}), me)
    return 1
  end
end
return 0
"""

# ARGV: digest, server, epoch, the highest number it has heard of, whether what is missing is gone, host and doors if
# Redis has none, then user id, number and info of each of its members.
# Redis' list and the server's are made the same; the server gets the whole.
_SYNC = """
local d, me, heard, final = ARGV[1], ARGV[2], tonumber(ARGV[4]), ARGV[5]
if not is_current(me, ARGV[3]) then return 0 end
local mine = {}
for i = 8, #ARGV, 3 do
  local m = {user = ARGV[i], n = ARGV[i + 1], s = me, i = ARGV[i + 2]}
  mine[m.n] = m
  for _, old in ipairs(entries(d)) do
    if old.user == m.user and old.s ~= me and not alive(old.s) then reap(old.s) end
  end
end
local known, lost = {}, {}
for _, m in ipairs(entries(d)) do
  known[m.user] = m
  if m.s == me and not mine[m.n] and tonumber(m.n) <= heard then
    lost[#lost + 1] = m
    known[m.user] = nil
  end
end
remove(d, lost)
local events = {}
for n, m in pairs(mine) do
  local old = known[m.user]
  if not old then
    put(d, m)
    events[#events + 1] = cjson.encode({t = 'join', r = d, n = n, s = me, i = m.i})
  elseif old.n == n and old.s == '-' then
    forget_away(d, m)
    put(d, m)
    events[#events + 1] = cjson.encode({t = 'moved', r = d, n = n, s = me, i = m.i})
  elseif old.n == n and old.i ~= m.i then
    put(d, m)
    events[#events + 1] = cjson.encode({t = 'update', r = d, n = n, i = m.i})
  end
end
local found = entries(d)
for _, event in ipairs(events) do announce(found, event, me) end
local list = listed(found)
if #list > 0 and not doors(d) and ARGV[7] ~= '' then
  redis.call('HSET', P .. 'room:' .. d, 'host', ARGV[6], 'doors', ARGV[7])
end
if final == '1' then pick_host(d, found) end
local leader = lead(d, found)
if #list == 0 then list = nil end
tell(me, cjson.encode({t = 'snap', r = d, f = final, m = list, l = leader, d = stored(d), h = host(d),
  w = doors(d)}))
return 1
"""

# ARGV: server, epoch, digest of each room that it has. It has nobody in any other one.
_ONLY = """
local me = ARGV[1]
if not is_current(me, ARGV[2]) then return 0 end
local has = {}
for i = 3, #ARGV do has[ARGV[i]] = true end
for _, d in ipairs(redis.call('SMEMBERS', P .. 'server:' .. me .. ':rooms')) do
  if not has[d] then leave_room(d, me) end
end
return 1
"""

# ARGV: server, epoch, for how many milliseconds it counts as alive without and with its channel, a stamp that comes
# back by the channel.
# Answers 1 when it was not known: new, or taken for dead.
_BEAT = """
local me, epoch, alive_ms, late_ms, stamp = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local before = redis.call('HGET', P .. 'servers', me)
if before and tonumber(before) > tonumber(epoch) then return 0 end
redis.call('SET', P .. 'server:' .. me .. ':alive', 1, 'PX', alive_ms)
redis.call('SET', P .. 'server:' .. me .. ':late', 1, 'PX', late_ms)
redis.call('HSET', P .. 'servers', me, epoch)
for _, s in ipairs(redis.call('HKEYS', P .. 'servers')) do
  if s ~= me and not alive(s) then reap(s) end
end
for _, each in ipairs(redis.call('ZRANGEBYSCORE', P .. 'away', 0, now_ms())) do
  local d, n = string.match(each, '^(%S+) (%d+)$')
  redis.call('ZREM', P .. 'away', each)
  for _, m in ipairs(entries(d)) do
    if m.n == n and m.s == '-' then remove(d, {m}) end
  end
end
tell(me, '! ' .. stamp)
return before and 0 or 1
"""

# ARGV: digest, text.
_PUBLISH = """
announce(entries(ARGV[1]), 'b ' .. ARGV[1] .. ' ' .. ARGV[2])
return 1
"""

# ARGV: digest, server, text. A leader that was replaced without knowing changes nothing.
_STORE = """
local d, me = ARGV[1], ARGV[2]
if redis.call('HGET', P .. 'room:' .. d, 'leader') ~= me then return 0 end
redis.call('HSET', P .. 'room:' .. d, 'stored', ARGV[3])
announce(entries(d), 'd ' .. d .. ' ' .. ARGV[3], me)
return 1
"""

# ARGV: server.
_FAREWELL = """
reap(ARGV[1])
return 1
"""

SCRIPTS: dict[str, str] = {
    "join": COMMON + _JOIN,
    "leave": COMMON + _LEAVE,
    "update": COMMON + _UPDATE,
    "sync": COMMON + _SYNC,
    "only": COMMON + _ONLY,
    "beat": COMMON + _BEAT,
    "publish": COMMON + _PUBLISH,
    "store": COMMON + _STORE,
    "farewell": COMMON + _FAREWELL,
    **{name: COMMON + text for name, text in (DOOR_SCRIPTS | RESUME_SCRIPTS).items()},
}


def server_channel(server_id: str) -> str:
    """Where a server hears of its rooms."""
    return f"{PREFIX}server:{server_id}"
