--- The code behind nginx.conf in this folder: a location that switches a workflow, and a
--- timer that disables a list of workflows at a set time of day. See there how it is run.

local aom = require "aom"
local cjson = require "cjson"

local workflows = {}

-- Set once, before nginx forks the workers.
local client, night, at

--- Makes the client from the environment, in nginx's init phase.
function workflows.open()
  local ok, made = pcall(aom.client)
  -- nginx logs an error that is a table as "unknown".
  if not ok then error(tostring(made), 0) end
  client = made
  night, at = {}, os.getenv "NIGHT_AT" or "22:00"
  for id in (os.getenv "NIGHT_WORKFLOWS" or ""):gmatch "%S+" do night[#night + 1] = id end
end

-- The status to answer with: the service's own, such as 404 for an unknown workflow, if the
-- request is at fault.
local function status_of(err)
  if err.kind == "argument" then return 400 end
  local refused = err.kind == "service" and err.status >= 400 and err.status < 500
  if refused and err.status ~= 401 then return err.status end
  return err.kind == "timeout" and 504 or 502
end

--- Answers a request. Its light thread waits here while the worker serves others.
function workflows.answer(id, action)
  local ok, result = pcall(client.trigger, client, id, action)
  if not ok and not aom.is_error(result) then error(result, 0) end
  ngx.header.content_type = "application/json"
  if not ok then
    ngx.log(ngx.ERR, tostring(result))
    ngx.status = status_of(result)
    ngx.say(cjson.encode { error = result.message, code = result.code, request_id = result.request_id })
    return
  end
  ngx.say(cjson.encode {
    workflow = result.workflow_id, action = result.action, request_id = result.request_id,
  })
end

--- Seconds until the next time the local clock shows `time`.
local function seconds_until(time)
  local hour, minute, second = time:match "^(%d+):(%d+):?(%d*)$"
  local due = os.date "*t" --[[@as table]]
  due.hour, due.min, due.sec = tonumber(hour), tonumber(minute), tonumber(second) or 0
  local left = os.time(due) - os.time()
  if left > 0 then return left end
  due.day, due.isdst = due.day + 1, nil
  return os.time(due) - os.time()
end

local function disable_all()
  for _, id in ipairs(night) do
    local ok, err = pcall(client.disable, client, id)
    ngx.log(ok and ngx.NOTICE or ngx.ERR, "workflow ", id, ": ", ok and "disabled" or tostring(err))
  end
end

--- Starts the timer in one worker only, and again after each run. When a worker exits, its
--- timers fire early with `premature`, and must do nothing.
function workflows.start_timer()
  if ngx.worker.id() ~= 0 or #night == 0 then return end
  local function on_time(premature)
    if premature then return end
    disable_all()
    -- One second later, so that the same time is not due again.
    ngx.timer.at(1, function(ends) if not ends then workflows.start_timer() end end)
  end
  assert(ngx.timer.at(seconds_until(at), on_time))
end

return workflows
