"""What is done about the doors of a room in one step; as scripts.py, whose helpers these use.

Of a member, only its own server says something: so the host is known by its user id, and the script makes sure that it
still is the host.
"""

from __future__ import annotations

# ARGV: digest, user id, address. Answers nothing for a room that does not exist, else whether they are banned and its
# doors.
_LOOK = """
local d = ARGV[1]
local text = doors(d)
if not text or #entries(d) == 0 then return '' end
return (is_banned(d, ARGV[2], ARGV[3]) and '1' or '0') .. text
"""

# ARGV: digest, server, epoch, user id, name, doors that were seen, most who may wait, most members.
_KNOCK = """
local d, me, user = ARGV[1], ARGV[2], ARGV[4]
if not is_current(me, ARGV[3]) then return 'unavailable' end
local found, key = entries(d), P .. 'room:' .. d .. ':knocks'
if #found == 0 or doors(d) ~= ARGV[6] then return 'changed' end
for _, m in ipairs(found) do
  if m.user == user then
    if alive(m.s) then return 'user-id-taken' end
    reap(m.s)
    return 'changed'
  end
end
if #found >= tonumber(ARGV[8]) then return 'room-full ' .. ARGV[8] end
if redis.call('HEXISTS', key, user) == 1 then return 'waits' end
if redis.call('HLEN', key) >= tonumber(ARGV[7]) then return 'crowd' end
redis.call('HSET', key, user, me .. ' ' .. ARGV[5])
redis.call('SADD', P .. 'server:' .. me .. ':knocks', d)
announce(found, 'r ' .. cjson.encode({t = 'knock', r = d, u = user, n = ARGV[5]}))
return 'ok'
"""

# ARGV: digest, server, user id.
_UNKNOCK = """
local d, me, user = ARGV[1], ARGV[2], ARGV[3]
if string.match(redis.call('HGET', P .. 'room:' .. d .. ':knocks', user) or '', '^(%S+) ') == me then
  return end_knock(d, user, nil, entries(d))
end
return 0
"""

# ARGV: digest. Answers a list of user id, name, user id, name.
_KNOCKS = """
local flat = redis.call('HGETALL', P .. 'room:' .. ARGV[1] .. ':knocks')
for i = 2, #flat, 2 do flat[i] = string.match(flat[i], '^%S+ (.*)$') or '' end
return flat
"""

# ARGV: digest, who asks, user id, answer.
_ANSWER = """
local d = ARGV[1]
local found = entries(d)
if host(d) ~= ARGV[2] then return 0 end
return end_knock(d, ARGV[3], ARGV[4], found)
"""

# ARGV: digest, who asks, doors of before, doors of now, whether they have a lobby.
_DOORS = """
local d, text = ARGV[1], ARGV[4]
local found = entries(d)
if host(d) ~= ARGV[2] or doors(d) ~= ARGV[3] then return 0 end
redis.call('HSET', P .. 'room:' .. d, 'doors', text)
announce(found, 'r ' .. cjson.encode({t = 'room', r = d, h = ARGV[2], w = text}))
if ARGV[5] == '0' then end_knocks(d, 'in', found) end
return 1
"""

# ARGV: digest, who asks, user id.
_HOST = """
local d, to = ARGV[1], ARGV[3]
local found = entries(d)
if host(d) ~= ARGV[2] then return 0 end
for _, m in ipairs(found) do
  if m.user == to then
    redis.call('HSET', P .. 'room:' .. d, 'host', to)
    announce(found, 'r ' .. cjson.encode({t = 'room', r = d, h = to, w = doors(d)}))
    return 1
  end
end
return 0
"""

# ARGV: digest, who asks, user id, order.
_ORDER = """
local d = ARGV[1]
local found = entries(d)
if host(d) ~= ARGV[2] then return 0 end
for _, m in ipairs(found) do
  if m.user == ARGV[3] then
    tell(m.s, 'r ' .. cjson.encode({t = 'order', r = d, u = m.user, a = ARGV[4]}))
    return 1
  end
end
return 0
"""

# ARGV: digest, most bans, then what is banned.
_BAN = """
local key = P .. 'room:' .. ARGV[1] .. ':bans'
if #entries(ARGV[1]) == 0 or redis.call('SCARD', key) >= tonumber(ARGV[2]) then return 0 end
for i = 3, #ARGV do redis.call('SADD', key, ARGV[i]) end
return 1
"""

DOOR_SCRIPTS: dict[str, str] = {
    "look": _LOOK,
    "knock": _KNOCK,
    "unknock": _UNKNOCK,
    "knocks": _KNOCKS,
    "answer": _ANSWER,
    "doors": _DOORS,
    "host": _HOST,
    "order": _ORDER,
    "ban": _BAN,
}
