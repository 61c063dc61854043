"""What the Lua scripts of scripts.py, door_scripts.py and resume_scripts.py share, and the keys.

Keys, with D for a room's digest and S for a server's id:

    bridgecall:number             the last number given to a member; never goes back
    bridgecall:servers            a hash: S to the epoch of its connection
    bridgecall:server:S:alive     there as long as S renews it
    bridgecall:server:S:late      the same, for longer
    bridgecall:server:S:rooms     a set of D in which S has members
    bridgecall:room:D             a hash: leader (S), stored (what the leader keeps for a successor), host (a user id),
                                  doors (opaque text)
    bridgecall:room:D:members     a hash: user id to "NUMBER S INFO", INFO being opaque text
    bridgecall:room:D:tickets     a hash: user id to "NUMBER GRACE-MS SHA256" of what a member comes back with; a
                                  second SHA256 follows while it is not sure that the first has arrived
    bridgecall:room:D:waiting:N   a list of what member N is to be told when it comes back; its size is in ...:bytes
    bridgecall:away               a sorted set: "D N" by the time until which member N may come back, in ms; such
                                  a member, whose server is gone, is of the server "-"
    bridgecall:room:D:bans        a set: u:USER-ID, a:ADDRESS, and s:ADDRESS where others of the room had it, too
    bridgecall:room:D:kicked      a sorted set: SHA256 of what those who were kicked would come back with, by time (ms)
    bridgecall:room:D:absent      a hash: user id to NUMBER of whoever is away while their server lives
    bridgecall:room:D:addresses   a hash: user id to the address that a member came from
    bridgecall:room:D:knocks      a hash: user id of whoever waits to "S NAME"
    bridgecall:server:S:knocks    a set of D at whose door somebody waits at S
"""

from __future__ import annotations

COMMON = """
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
  redis.call('HDEL', P .. 'room:' .. d .. ':absent', m.user)
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
    redis.call('DEL', key, key .. ':bans', key .. ':tickets', key .. ':kicked', key .. ':absent', key .. ':addresses')
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
    redis.call('HDEL', P .. 'room:' .. d .. ':addresses', m.user)
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

local function is_absent(d, m) return redis.call('HGET', P .. 'room:' .. d .. ':absent', m.user) == m.n end

local function address(d, user) return redis.call('HGET', P .. 'room:' .. d .. ':addresses', user) or '' end

local function came_from(d, user, where)
  if where ~= '' then redis.call('HSET', P .. 'room:' .. d .. ':addresses', user, where) end
end

-- Keep a user id and an address out; an address that others of the room have as well is only not let in unasked.
local function ban(d, user, where, shared, most)
  local key = P .. 'room:' .. d
  if redis.call('SCARD', key .. ':bans') >= tonumber(most) then return 0 end
  redis.call('SADD', key .. ':bans', 'u:' .. user)
  if where == '' then return 1 end
  local flat = redis.call('HGETALL', key .. ':addresses')
  for i = 1, #flat, 2 do shared = shared or (flat[i] ~= user and flat[i + 1] == where) end
  redis.call('SADD', key .. ':bans', (shared and 's:' or 'a:') .. where)
  return 1
end

-- Nobody comes back with this ticket.
local function kick(d, hash, most)
  local key = P .. 'room:' .. d .. ':kicked'
  redis.call('ZADD', key, now_ms(), hash)
  redis.call('ZREMRANGEBYRANK', key, 0, -1 - tonumber(most))
end

local function stored(d) return redis.call('HGET', P .. 'room:' .. d, 'stored') or nil end
"""
