--- Takes the steps of one fault, in whatever host runs this, and writes what came of each into
--- the file `said` of the fault's folder, at once: the process may not live to its end.
---
---     call, execute, look   a call of the client: of "wf-1", or one that must not run twice, or a list
---     bulk                  three calls, two at once, when the key has been accepted
---     pause, resume         a window of all workflows, and what `pause` returned
---     pause file            likewise, and it has no owner
---     resume file           the window's file; `resume force` also if somebody owns it
---     upload                a call with a large body
---     run COMMAND           of the shell; $AT is the folder
---     write NAME TEXT       the text becomes that of a file in the folder
---     close                 the client; the next call makes another one
---     leave                 the process ends itself, as its host has it; `leave TERM` by a signal
---     fork STEP             the forked child takes the step and ends, or goes on to its end
---     inherit               starts a program, and says how many connections to the server it has
---
--- `during` names the steps that are taken meanwhile, by the step in which that happens: when
--- the second of its calls has ended.

local rawget = rawget

local safe = require "aom.safe"

---@class aom.MatrixPlay
---@field fault table
---@field at string   the folder
---@field client? aom.SafeClient
---@field paused? any
---@field name string   in front of what a child says
local Play = {}
Play.__index = Play

function Play:say(text)
  local file = assert(io.open(self.at .. "/said", "ab"))
  file:write(self.name, text, "\n")
  file:close()
end

local function tell(result, err, text)
  if result then return text or "ok, " .. tostring(result.attempts or 0) .. " attempts" end
  local what = err.status and err.kind .. " " .. err.status or err.kind
  return ("%s%s, %s attempts"):format(what, err.retryable and ", retryable" or "", tostring(err.attempts or 0))
end

local function count(result, name) return result and ("%s %d"):format(name, result[name]) end

--- Takes the other step once, at the second call that has ended.
local function on_result(self, word)
  local during = self.fault.during and self.fault.during[word]
  return function(_, done)
    if done == 2 and during then self:take(during) end
  end
end

local function pause(self, how)
  local result, err = self.client:pause { match = "^wf", file = self.at .. "/" .. (self.fault.file or "journal"),
    concurrency = 1, detach = how == "file", on_result = on_result(self, "pause") }
  self.paused = result or err.paused
  self:say("pause: " .. tell(result, err, count(result, "paused")))
end

local function resume(self, how)
  local file = self.at .. "/" .. (self.fault.file or "journal")
  local result, err = self.client:resume(how == "" and self.paused or file, { settle_timeout = 0.05,
    concurrency = 1, force = how == "force" or nil, on_result = on_result(self, "resume") })
  self:say("resume: " .. tell(result, err, count(result, "resumed")))
end

local function bulk(self)
  local report, err = self.client:trigger_all({ "wf-1", "wf-2", "wf-3" }, "enable",
    { concurrency = 2, on_result = on_result(self, "bulk") })
  self:say(tell(report, err, count(report, "succeeded")))
end

local with_client = {
  pause = pause, resume = resume, bulk = bulk,
  call = function(self) self:say(tell(self.client:enable "wf-1")) end,
  execute = function(self) self:say(tell(self.client:execute "wf-1")) end,
  look = function(self)
    local list, err = self.client:list_workflows()
    self:say(tell(list, err, "a list"))
  end,
  upload = function(self)
    self:say(tell(self.client:request { method = "POST", path = "/v1/{project_id}/x", body = { ("x"):rep(4e6) } }))
  end,
}

--- For ever, as seen from here.
local function wait_for_the_end()
  local ngx, vim = rawget(_G, "ngx"), rawget(_G, "vim")
  if ngx then ngx.sleep(60) elseif vim then vim.wait(60000, function() return false end) end
end

--- How a host ends in the middle of its work. Where a signal waits for the host's loop, nothing else is done until
--- then.
local function leave(_, signal)
  local ngx, vim = rawget(_G, "ngx"), rawget(_G, "vim")
  if signal == "" and not ngx then
    if vim then vim.cmd "qa!" end
    os.exit(3, true)
  end
  os.execute(("kill -%s $PPID"):format(signal == "" and "TERM" or signal))
  wait_for_the_end()
end

local INHERITED = [[
sleep 1 >/dev/null 2>&1 </dev/null &
count=0
for inode in $(awk -v port=:$(printf %%04X %d) 'index($3, port) && $4 == "01" { print $10 }' /proc/net/tcp); do
  if ls -l /proc/$!/fd | grep -q "socket:.$inode."; then count=$((count + 1)); fi
done
echo "inherited: $count" >>"$AT/said"
]]

--- In the child the status is 7.
local function fork(self, step)
  local status, _, code = os.execute "fork"
  if (code or status) == 0 or status == true and code == 0 then return end
  self.name = "child: "
  if step == "" then return end
  self:take(step)
  os.exit(0)
end

local alone = {
  fork = fork,
  inherit = function(self)
    self:take("run " .. INHERITED:format(tonumber(self.fault.options.endpoint:match ":(%d+)$")))
  end,
  run = function(self, command) os.execute(("AT='%s'\n%s"):format(self.at, command)) end,
  write = function(self, words)
    local name, text = words:match "^(%S+) (.*)$"
    local file = assert(io.open(self.at .. "/" .. name, "wb"))
    file:write(text, "\n")
    file:close()
  end,
  close = function(self)
    if self.client then self.client:close() end
    self.client = nil
  end,
  leave = leave,
}

---@param step string
function Play:take(step)
  local word, rest = step:match "^(%l+) ?(.*)$"
  if alone[word] then return alone[word](self, rest) end
  if not self.client then
    local err
    self.client, err = safe.client(self.fault.options)
    if not self.client then return self:say("client: " .. err.kind) end
  end
  with_client[word](self, rest)
end

---@param list table[]  the fault alone
return function(list)
  local fault = list[1]
  local play = setmetatable({ fault = fault, at = fault.at, name = "" }, Play)
  -- The first number there is the process's id.
  local stat = io.open "/proc/self/stat"
  play:take(("write pid %d"):format(stat:read "*n"))
  stat:close()
  for _, step in ipairs(fault.steps) do
    play:take(step)
  end
  play:take "close"
  play:say "end"
  return ""
end
