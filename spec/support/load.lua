--- Requests by the engine itself, many at once from one thread.
---
---     luajit spec/support/load.lua URL SECONDS
---
--- asks for URL again and again, one request after the other, and prints as JSON how
--- many there were and how long the slowest took: run beside others, it shows whether a
--- server keeps answering.

local attempt = require "aom.http.attempt"
local blocking = require "aom.loop.blocking"
local core = require "aom.core"
local new_carrier = require "aom.loop.select".carrier

local requests = {}

local function new_loop()
  return blocking.new(new_carrier(assert(core.engine())), { proxy = "", max_body = 2 ^ 20, max_head = 2 ^ 18 })
end

local function get(url)
  local base, path = url:match "^(http://[^/]+)([^?]*)"
  local query = {}
  for name, value in (url:match "%?(.*)$" or ""):gmatch "([^&=]+)=([^&]*)" do query[#query + 1] = { name, value } end
  return attempt.new { method = "GET", base = base, host = base:match "//(.+)$", path = path, query = query,
    headers = {}, body = "", date = "", connect_timeout = 5, fresh = false }
end

--- Asks for `url` `count` times at once.
---@param url string
---@param count integer
---@param patience? number  seconds that an answer may take (20)
---@return table answers  { status, body, elapsed } each
---@return number seconds  for all of them
function requests.at_once(url, count, patience)
  local loop = new_loop()
  local answers, list = {}, {}
  local started = loop.now()
  for i = 1, count do
    list[i] = function()
      local answer, trouble = loop.fetch(get(url), loop.now() + (patience or 20))
      answers[i] = answer or { status = 0, body = trouble.message }
      answers[i].elapsed = loop.now() - started
    end
  end
  loop.run(list, count)
  local elapsed = loop.now() - started
  loop.close()
  return answers, elapsed
end

--- Asks again and again for some seconds; how many times, and the slowest.
function requests.keep_asking(url, seconds)
  local loop = new_loop()
  local count, slowest = 0, 0
  local ends = loop.now() + seconds
  while loop.now() < ends do
    local started = loop.now()
    local answer = loop.fetch(get(url), started + 10)
    assert(answer and answer.status == 200)
    slowest = math.max(slowest, loop.now() - started)
    count = count + 1
    loop.sleep(0.001)
  end
  loop.close()
  return count, slowest
end

if arg and arg[0] and arg[0]:find "load%.lua$" then
  local count, slowest = requests.keep_asking(arg[1], tonumber(arg[2]))
  print(require("cjson").encode { count = count, slowest = slowest })
end

return requests
