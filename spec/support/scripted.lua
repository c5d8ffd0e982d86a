--- A loop that answers from a list, in a time of its own: what a call does can be
--- seen to the exact second, and at once.

local core = require "aom.core"

local scripted = {}

--- Each entry of `answers` is what one attempt gets, in order; the last one repeats.
--- An entry is `{ status, body, headers }`, or `{ kind, message, sent, fault }` for none, or a
--- function of (attempt, deadline, loop) that returns what a loop's fetch does. The
--- field `takes` is how many seconds go by meanwhile (default 0).
---@param world table  from spec.support.world; its clocks move with the loop's
---@param answers table[]
function scripted.new(world, answers)
  local loop = { attempts = {}, slept = {}, world = world }

  local function answer_of(entry, attempt, deadline)
    if type(entry) == "function" then return entry(attempt, deadline, loop) end
    local takes = entry.takes or 0
    if loop.now() + takes > deadline then
      world.advance(deadline - loop.now())
      return nil, { kind = "timeout", message = "timed out", code = 28, sent = true }
    end
    world.advance(takes)
    if entry.kind then
      return nil, { kind = entry.kind, message = entry.message or entry.kind, code = entry.code,
        sent = entry.sent ~= false, fault = entry.fault }
    end
    return { status = entry.status, headers = entry.headers or {}, body = entry.body or "" }
  end

  function loop.now() return world.now() end

  core.now = loop.now

  function loop.fetch(attempt, deadline)
    local copy = { deadline = deadline, at = loop.now() }
    for name, value in pairs(attempt.plan and getmetatable(attempt).__index or {}) do copy[name] = value end
    for name, value in pairs(attempt) do copy[name] = value end
    -- Signed as a transport would, so that a bad attempt cannot pass unseen.
    local method, url, headers, body = attempt:signed()
    assert(method, url)
    copy.wire = { method = method, url = url, headers = headers, body = body }
    loop.attempts[#loop.attempts + 1] = copy
    return answer_of(answers[math.min(#loop.attempts, #answers)], attempt, deadline)
  end

  function loop.sleep(seconds)
    loop.slept[#loop.slept + 1] = seconds
    world.advance(seconds)
  end

  function loop.waiter() return nil end

  function loop.run(list)
    for _, body in ipairs(list) do body() end
  end

  return loop
end

--- Options of a client that waits in `loop`. Each key pair is a new one, since what
--- is known of a key is shared by the whole process.
local serial = 0
function scripted.options(loop, more)
  serial = serial + 1
  local options = {
    endpoint = "https://aom.example.com", project_id = ("0123456789abcdef"):rep(2),
    ak = ("AK%04d"):format(serial), sk = ("secret-%d-%.0f"):format(serial, core.now() * 1e6), loop = loop,
  }
  for name, value in pairs(more or {}) do options[name] = value or nil end
  return options
end

return scripted
