"""Lua scripts by which members outlive their servers; script_parts.py has what they share, and the keys."""

from __future__ import annotations

# ARGV: digest, server, user id, number, ticket (GRACE-MS SHA256, and the one before while it counts), epoch.
_TICKET = """
local d, me, user, n = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if not is_current(me, ARGV[6]) then return 0 end
for _, m in ipairs(entries(d)) do
  if m.user == user and m.n == n and m.s == me then
    redis.call('HSET', P .. 'room:' .. d .. ':tickets', user, n .. ' ' .. ARGV[5])
    return 1
  end
end
return 0
"""

# ARGV: digest, server, user id, number, epoch, whether the member is away (1 or 0).
_ABSENCE = """
local d, me, user, n = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if not is_current(me, ARGV[5]) then return 0 end
local key = P .. 'room:' .. d .. ':absent'
for _, m in ipairs(entries(d)) do
  if m.user == user and m.n == n and m.s == me then
    if ARGV[6] == '1' then redis.call('HSET', key, user, n) else redis.call('HDEL', key, user) end
    return 1
  end
end
return 0
"""

# ARGV: digest, server, user id, info, token of the joining, SHA256, epoch, instance, address.
_RESUME = """
local d, me, user, info, token = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if not is_current(me, ARGV[7]) then return 'no' end
local old
for _, m in ipairs(entries(d)) do
  if m.user == user then old = m end
end
if not old then return 'no' end
local n, hashes = string.match(redis.call('HGET', P .. 'room:' .. d .. ':tickets', user) or '', '^(%d+) %d+ (.+)$')
if n ~= old.n then return 'no' end
local fits = false
for hash in string.gmatch(hashes, '%x+') do fits = fits or hash == ARGV[6] end
if not fits then return 'no' end
if (cjson.decode(old.i).instance or '') ~= ARGV[8] then return 'no' end
local key = P .. 'room:' .. d .. ':waiting:' .. n
local waiting = redis.call('LRANGE', key, 0, -1)
forget_away(d, old)
local before = old.s
old.s, old.i = me, info
put(d, old)
came_from(d, user, ARGV[9])
local found = entries(d)
local leader = lead(d, found)
local event = cjson.encode({t = 'moved', r = d, n = n, s = me, i = info, l = leader})
announce(found, event, me)
local _, seen = servers(found)
if before ~= '-' and not seen[before] then
  redis.call('SREM', P .. 'server:' .. before .. ':rooms', d)
  tell(before, event)
end
tell(me, cjson.encode({t = 'joined', r = d, n = n, k = token, m = listed(found), l = leader, d = stored(d),
  h = host(d), w = doors(d)}))
for _, frame in ipairs(waiting) do tell(me, frame) end
return 'ok'
"""

# ARGV: digest, number, message for whichever server the member is at, most messages, most bytes.
# Kept as long as there is none; whoever is told too much has left.
_HOLD = """
local d, n, message = ARGV[1], ARGV[2], ARGV[3]
for _, m in ipairs(entries(d)) do
  if m.n == n then
    if m.s ~= '-' and tell(m.s, message) > 0 then return 1 end
    local key = P .. 'room:' .. d .. ':waiting:' .. n
    local bytes = redis.call('INCRBY', key .. ':bytes', #message)
    if redis.call('RPUSH', key, message) > tonumber(ARGV[4]) or bytes > tonumber(ARGV[5]) then
      if m.s == '-' then remove(d, {m}) end
      redis.call('DEL', key, key .. ':bytes')
      return 0
    end
    redis.call('EXPIRE', key, 120)
    redis.call('EXPIRE', key .. ':bytes', 120)
    return 1
  end
end
return 0
"""

RESUME_SCRIPTS = {"ticket": _TICKET, "absence": _ABSENCE, "resume": _RESUME, "hold": _HOLD}
