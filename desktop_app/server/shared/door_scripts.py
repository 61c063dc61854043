"""What is done about the doors of a room in one step; as scripts.py, whose helpers these use.

Of a member, only its own server says something: so the host is known by its user id, and the script makes sure that it
still is the host.
"""

from __future__ import annotations

# ARGV: digest, user id, address, ticket (empty for none). Answers nothing for a room that does not exist, else whether
# they are banned (b), kicked with that ticket (k), of an address that others of the room have, too (s), or neither (-),
# and its doors.
_LOOK = """
local d = ARGV[1]
local text = doors(d)
if not text or #entries(d) == 0 then return '' end
local key, found = P .. 'room:' .. d, '-'
if is_banned(d, ARGV[2], ARGV[3]) then
  found = 'b'
elseif ARGV[4] ~= '' and redis.call('ZSCORE', key .. ':kicked', ARGV[4]) then
  found = 'k'
elseif ARGV[3] ~= '' and redis.call('SISMEMBER', key .. ':bans', 's:' .. ARGV[3]) == 1 then
  found = 's'
end
return found .. text
"""

# ARGV: digest, server, epoch, user id, name, doors that were seen, most who may wait, most members.
_KNOCK = """
local d, me, user = ARGV[1], ARGV[2], ARGV[4]
if not is_current(me, ARGV[3]) then return 'unavailable' end
local found, key = entries(d), P .. 'room:' .. d .. ':knocks'
if #found == 0 or doors(d) ~= ARGV[6] then return 'changed' end
for _, m in ipairs(found) do
  if m.user == user then
    if m.s ~= '-' and not alive(m.s) then
      reap(m.s)
      return 'changed'
    end
    if m.s ~= '-' and not is_absent(d, m) then return 'user-id-taken' end
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

# ARGV: digest, who asks, user id, order, most bans, most kicked ones.
# Whoever has no server is put out here.
_ORDER = """
local d = ARGV[1]
local found = entries(d)
if host(d) ~= ARGV[2] then return 0 end
for _, m in ipairs(found) do
  if m.user == ARGV[3] and m.s == '-' and (ARGV[4] == 'kick' or ARGV[4] == 'ban') then
    if ARGV[4] == 'ban' then ban(d, m.user, address(d, m.user), false, ARGV[5]) end
    local ticket = redis.call('HGET', P .. 'room:' .. d .. ':tickets', m.user) or ''
    for hash in string.gmatch(ticket, '%x+') do
      if #hash == 64 then kick(d, hash, ARGV[6]) end
    end
    remove(d, {m})
    return 1
  elseif m.user == ARGV[3] then
    tell(m.s, 'r ' .. cjson.encode({t = 'order', r = d, u = m.user, a = ARGV[4]}))
    return 1
  end
end
return 0
"""

# ARGV: digest, most bans, user id, address, whether others of the room are known to have it (1 or 0).
_BAN = """
if #entries(ARGV[1]) == 0 then return 0 end
return ban(ARGV[1], ARGV[3], ARGV[4], ARGV[5] == '1', ARGV[2])
"""

# ARGV: digest, most kicked ones, then tickets.
_KICK = """
if #entries(ARGV[1]) == 0 then return 0 end
for i = 3, #ARGV do kick(ARGV[1], ARGV[i], ARGV[2]) end
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
    "kick": _KICK,
}
