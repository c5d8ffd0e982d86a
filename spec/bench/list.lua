--- What a list of 10,000 workflows costs, or decoding its pages with lua-cjson alone. No network: the pages come
--- from an adapter of a loop.
---
---     lua list.lua ours|cjson    prints milliseconds

local aom = require "aom"
local cjson = require "cjson.safe"

local WORKFLOWS, SIZE = 10000, 100

local function workflow(i)
  return { id = ("8f4b1c2e-6a1d-4e35-9d5b-%012d"):format(i), name = "nightly-backup-" .. i, description = "Backs up.",
    enterprise_project_id = "0", type = "cron", enable = i % 2 == 0, status = "normal", create_user = "operator",
    create_time = "2026-01-02T03:04:05Z", update_time = "2026-01-02T03:04:05Z", version = 1,
    input = { cron = "0 3 * * *", timezone = "Asia/Shanghai" } }
end

local bodies = {}
for page = 1, WORKFLOWS / SIZE do
  local rows = {}
  for i = 1, SIZE do rows[i] = workflow((page - 1) * SIZE + i) end
  bodies[page] = cjson.encode { elements = rows, total_elements = WORKFLOWS }
end

local EMPTY = '{"elements":[],"total_elements":10000}'

local loop = { now = os.clock, sleep = function() end, waiter = function() end }

function loop.fetch(attempt)
  return { status = 200, headers = {}, body = bodies[tonumber(attempt.body:match '"page":(%d+)')] or EMPTY }
end

function loop.run(list)
  for _, body in ipairs(list) do body() end
end

local client = aom.client { endpoint = "http://127.0.0.1", project_id = ("0"):rep(32), ak = "A", sk = "S", loop = loop }

local kept, run = nil, {}

function run.ours()
  kept = client:all_workflows()
  assert(#kept == WORKFLOWS)
end

function run.cjson()
  kept = {}
  for page, body in ipairs(bodies) do kept[page] = cjson.decode(body) end
end

local function time(body)
  kept = nil
  collectgarbage()
  local started = os.clock()
  body()
  return os.clock() - started
end

-- The first time there is code to load and to compile.
local least = math.huge
for i = 1, 4 do
  local seconds = time(run[arg[1]])
  if i > 1 then least = math.min(least, seconds) end
end
print(("%.3f"):format(least * 1e3))
