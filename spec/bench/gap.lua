--- How long Neovim stands still while fifty calls are in flight: the largest gap of a timer of 10 ms, in the first
--- bulk of a new client, and in later ones; beside it, in brackets, while nothing is in flight. Run in Neovim by
--- bulk.sh.
---
---     URL=… CA_FILE=… ROUNDS=… LABEL=… nvim --headless -c 'luafile spec/bench/gap.lua'

local uv = vim.uv or vim.loop
local env = vim.env

local IDS, CONCURRENCY = 200, 50

local ids = {}
for i = 1, IDS do ids[i] = ("8f4b1c2e-6a1d-4e35-9d5b-%012d"):format(i) end

--- Runs Neovim's loop until `run` has called back.
---@return number milliseconds  the largest gap
local function largest_gap(run)
  local last, gap, done = nil, 0, false
  local timer = uv.new_timer()
  timer:start(0, 10, function()
    local time = uv.hrtime()
    gap, last = last and math.max(gap, time - last) or 0, time
  end)
  run(function() done = true end)
  assert(vim.wait(60000, function() return done end, 10), "it took too long")
  timer:close()
  return gap / 1e6
end

local function measure()
  local client = require("aom").client {
    endpoint = env.URL, project_id = ("0123456789abcdef"):rep(2), ak = "BENCHMARKACCESSKEY00", sk = ("s"):rep(40),
    ca_file = env.CA_FILE ~= "" and env.CA_FILE or nil, proxy = "",
  }
  local function bulk(done)
    client:trigger_all(ids, "enable", { concurrency = CONCURRENCY }, function(err, report)
      assert(not err and report.failed == 0, tostring(err or report))
      done()
    end)
  end
  local function rest(done) vim.defer_fn(done, 200) end
  local first, gaps, idle = largest_gap(bulk), {}, {}
  for i = 1, tonumber(env.ROUNDS) do gaps[i], idle[i] = largest_gap(bulk), largest_gap(rest) end
  table.sort(gaps)
  table.sort(idle)
  local middle = math.ceil(#gaps / 2)
  client:close()
  return ("  %-26s %.1f ms (%.1f)   new client: %.1f ms\n"):format(env.LABEL, gaps[middle], idle[middle], first)
end

local fine, text = pcall(measure)
io.stdout:write(tostring(text))
vim.cmd(fine and "qall!" or "cquit!")
