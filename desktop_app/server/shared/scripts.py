"""What is done in Redis in one step: Lua scripts, each of them atomic over all servers.

Keys, with D for a room's digest and S for a server's id:

    bridgecall:number             the last number given to a member; never goes back
    bridgecall:servers            a hash: S to the epoch of its connection
    bridgecall:server:S:alive     there as long as S renews it
    bridgecall:server:S:late      the same, for longer
    bridgecall:server:S:rooms     a set of D in which S has members
    bridgecall:room:D             a hash: leader (S), stored (what the leader keeps for a successor), host (a user id),
                                  doors (opaque text)
    bridgecall:room:D:members     a hash: user id to "NUMBER S INFO", INFO being opaque text
    bridgecall:room:D:tickets     a hash: user id to "NUMBER GRACE-MS SHA256" of what a member comes back with
    bridgecall:room:D:waiting:N   a list of what member N is to be told when it comes back; its size is in ...:bytes
    bridgecall:away               a sorted set: "D N" by the time until which member N may come back, in ms; such
                                  a member, whose server is gone, is of the server "-"
    bridgecall:room:D:bans        a set: u:USER-ID and a:ADDRESS
    bridgecall:room:D:knocks      a hash: user id of whoever waits to "S NAME"
    bridgecall:server:S:knocks    a set of D at whose door somebody waits at S

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

PREFIX = "bridgecall:"

_COMMON = """
local P = 'bridgecall:'

local function tell(s, event) return redis.call('PUBLISH', P .. 'server:' .. s, event) end

-- A process that ends lets go of its channel at once. One that is late and still has it may only have had to wait
-- for a processor, and gets some more time.
local function alive(s)
  local key = P .. 'server:' .. s
  if redis.call('EXISTS', key .. ':alive') == 1 then return true end
  return redis.call('EXISTS', key .. ':late') == 1 and tell(s, '?') > 0
end

local function is_current(s, epoch) return redis.call('HGET', P .. 'servers', s) == epoch end

-- The members of a room in the order of joining.
local function entries(d)
  local flat = redis.call('HGETALL', P .. 'room:' .. d .. ':members')
  local found = {}
  for i = 1, #flat, 2 do
    local n, s, info = string.match(flat[i + 1], '^(%d+) (%S+) (.*)$')
    found[#found + 1] = {user = flat[i], n = n, s = s, i = info}
  end
  table.sort(found, function(a, b) return tonumber(a.n) < tonumber(b.n) end)
  return found
end

local function servers(found)
  local seen, list = {}, {}
  for _, m in ipairs(found) do
    if m.s ~= '-' and not seen[m.s] then
      seen[m.s] = true
      list[#list + 1] = m.s
    end
  end
  return list, seen
end

local function announce(found, event, except)
  for _, s in ipairs((servers(found))) do
    if s ~= except then tell(s, event) end
  end
end

local function put(d, m)
  redis.call('HSET', P .. 'room:' .. d .. ':members', m.user, m.n .. ' ' .. m.s .. ' ' .. m.i)
  if m.s ~= '-' then redis.call('SADD', P .. 'server:' .. m.s .. ':rooms', d) end
end

local function now_ms()
  local now = redis.call('TIME')
  return tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
end

-- Nobody waits any longer for whoever this was: they are back, or have left.
local function forget_away(d, m)
  redis.call('HDEL', P .. 'room:' .. d .. ':tickets', m.user)
  redis.call('ZREM', P .. 'away', d .. ' ' .. m.n)
  local key = P .. 'room:' .. d .. ':waiting:' .. m.n
  redis.call('DEL', key, key .. ':bytes')
end

-- Somebody waits no longer; `answer` is what their server hears, if anything.
local function end_knock(d, user, answer, found)
  local key = P .. 'room:' .. d .. ':knocks'
  local s = string.match(redis.call('HGET', key, user) or '', '^(%S+) ')
  if not s then return 0 end
  redis.call('HDEL', key, user)
  local more = false
  for _, other in ipairs(redis.call('HVALS', key)) do more = more or string.match(other, '^(%S+) ') == s end
  if not more then redis.call('SREM', P .. 'server:' .. s .. ':knocks', d) end
  if answer then tell(s, 'r ' .. cjson.encode({t = 'answer', r = d, u = user, a = answer})) end
  announce(found, 'r ' .. cjson.encode({t = 'knock-ended', r = d, u = user}))
  return 1
end

local function end_knocks(d, answer, found)
  for _, user in ipairs(redis.call('HKEYS', P .. 'room:' .. d .. ':knocks')) do end_knock(d, user, answer, found) end
end

local function host(d) return redis.call('HGET', P .. 'room:' .. d, 'host') or '' end

-- When the host is gone it is whoever has been there longest.
local function pick_host(d, found)
  local now = host(d)
  for _, m in ipairs(found) do
    if m.user == now then return now end
  end
  if #found == 0 then return '' end
  redis.call('HSET', P .. 'room:' .. d, 'host', found[1].user)
  return found[1].user
end

local function doors(d) return redis.call('HGET', P .. 'room:' .. d, 'doors') or nil end

-- The server that decides for the room; chosen anew when it has nobody in it any more.
local function lead(d, found)
  local key = P .. 'room:' .. d
  if #found == 0 then
    end_knocks(d, 'again', found)
    redis.call('DEL', key, key .. ':bans', key .. ':tickets')
    return ''
  end
  local leader = redis.call('HGET', key, 'leader')
  local _, seen = servers(found)
  if leader and seen[leader] then return leader end
  local first = (servers(found))[1]
  if not first then return '' end
  redis.call('HSET', key, 'leader', first)
  return first
end

local function remove(d, lost)
  if #lost == 0 then return end
  local numbers = {}
  for _, m in ipairs(lost) do
    redis.call('HDEL', P .. 'room:' .. d .. ':members', m.user)
    forget_away(d, m)
    numbers[#numbers + 1] = m.n
  end
  local rest = entries(d)
  local leader = lead(d, rest)
  local _, seen = servers(rest)
  for _, s in ipairs((servers(lost))) do
    if not seen[s] then redis.call('SREM', P .. 'server:' .. s .. ':rooms', d) end
  end
  announce(rest, cjson.encode({t = 'left', r = d, n = numbers, l = leader, h = pick_host(d, rest)}))
end

-- Take everybody of a server out of a room.
local function leave_room(d, s)
  local lost = {}
  for _, m in ipairs(entries(d)) do
    if m.s == s then lost[#lost + 1] = m end
  end
  remove(d, lost)
end

-- A server is gone: whoever may come back by another one keeps the place for a while, and is of no server ('-').
local function orphan_room(d, s)
  local away = {}
  for _, m in ipairs(entries(d)) do
    local ticket = redis.call('HGET', P .. 'room:' .. d .. ':tickets', m.user) or ''
    if m.s == s and string.match(ticket, '^(%d+) ') == m.n then
      m.s = '-'
      put(d, m)
      redis.call('ZADD', P .. 'away', now_ms() + tonumber(string.match(ticket, '^%d+ (%d+) ')), d .. ' ' .. m.n)
      away[#away + 1] = {m.n, '-', m.i}
    end
  end
  leave_room(d, s)
  local rest = entries(d)
  if #away > 0 then announce(rest, cjson.encode({t = 'away', r = d, m = away, l = lead(d, rest)})) end
end

local function reap(s)
  for _, d in ipairs(redis.call('SMEMBERS', P .. 'server:' .. s .. ':rooms')) do orphan_room(d, s) end
  local key = P .. 'server:' .. s
  for _, d in ipairs(redis.call('SMEMBERS', key .. ':knocks')) do
    local found, knocks = entries(d), P .. 'room:' .. d .. ':knocks'
    for _, user in ipairs(redis.call('HKEYS', knocks)) do
      if string.match(redis.call('HGET', knocks, user), '^(%S+) ') == s then end_knock(d, user, nil, found) end
    end
  end
  redis.call('DEL', key .. ':rooms', key .. ':alive', key .. ':late', key .. ':knocks')
  redis.call('HDEL', P .. 'servers', s)
end

local function listed(found)
  local list = {}
  for _, m in ipairs(found) do list[#list + 1] = {m.n, m.s, m.i} end
  return list
end

local function is_banned(d, user, address)
  local key = P .. 'room:' .. d .. ':bans'
  return redis.call('SISMEMBER', key, 'u:' .. user) == 1
    or (address ~= '' and redis.call('SISMEMBER', key, 'a:' .. address) == 1)
end

local function stored(d) return redis.call('HGET', P .. 'room:' .. d, 'stored') or nil end
"""

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
if old and old.s ~= '-' then return doubtful[old.s] and 'wait' or 'user-id-taken' end
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
announce(found, cjson.encode({t = 'join', r = d, n = n, s = me, i = info}), me)
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
    "join": _COMMON + _JOIN,
    "leave": _COMMON + _LEAVE,
    "update": _COMMON + _UPDATE,
    "sync": _COMMON + _SYNC,
    "only": _COMMON + _ONLY,
    "beat": _COMMON + _BEAT,
    "publish": _COMMON + _PUBLISH,
    "store": _COMMON + _STORE,
    "farewell": _COMMON + _FAREWELL,
    **{name: _COMMON + text for name, text in (DOOR_SCRIPTS | RESUME_SCRIPTS).items()},
}


def server_channel(server_id: str) -> str:
    """Where a server hears of its rooms."""
    return f"{PREFIX}server:{server_id}"
