--- What nginx.conf beside this file runs: an endpoint that switches a workflow, and a
--- timer that disables a list of them at a set time of the day.

local aom = require "aom"
local cjson = require "cjson"

local workflows = {}

-- Made once, before the workers are.
local client, night, at

--- Reads the environment, in the phase init.
function workflows.open()
  local fine, made = pcall(aom.client)
  -- Of an error that is a table nginx's log says nothing but "unknown".
  if not fine then error(tostring(made), 0) end
  client = made
  night, at = {}, os.getenv "NIGHT_AT" or "22:00"
  for id in (os.getenv "NIGHT_WORKFLOWS" or ""):gmatch "%S+" do night[#night + 1] = id end
end

-- The service's own status where it has one: 404 for a workflow that does not exist.
local function status_of(err)
  if err.kind == "argument" then return 400 end
  local refused = err.kind == "service" and err.status >= 400 and err.status < 500
  if refused and err.status ~= 401 then return err.status end
  return err.kind == "timeout" and 504 or 502
end

--- Answers a request. The light thread waits here, and the worker serves others.
function workflows.answer(id, action)
  local fine, result = pcall(client.trigger, client, id, action)
  if not fine and not aom.is_error(result) then error(result, 0) end
  ngx.header.content_type = "application/json"
  if not fine then
    ngx.log(ngx.ERR, tostring(result))
    ngx.status = status_of(result)
    ngx.say(cjson.encode { error = result.message, code = result.code, request_id = result.request_id })
    return
  end
  ngx.say(cjson.encode {
    workflow = result.workflow_id, action = result.action, request_id = result.request_id,
  })
end

--- Seconds until it is next so late; by the machine's own time of day.
local function seconds_until(time)
  local hour, minute, second = time:match "^(%d+):(%d+):?(%d*)$"
  local due = os.date "*t"
  due.hour, due.min, due.sec = tonumber(hour), tonumber(minute), tonumber(second) or 0
  local left = os.time(due) - os.time()
  if left > 0 then return left end
  due.day, due.isdst = due.day + 1, nil
  return os.time(due) - os.time()
end

local function disable_all()
  for _, id in ipairs(night) do
    local fine, err = pcall(client.disable, client, id)
    ngx.log(fine and ngx.NOTICE or ngx.ERR, "workflow ", id, ": ", fine and "disabled" or tostring(err))
  end
end

--- Runs in one worker, so that it happens once; waits again when it is done. A worker
--- that is told to end gets its timers early: then nothing is to be done.
function workflows.start_timer()
  if ngx.worker.id() ~= 0 or #night == 0 then return end
  local function on_time(premature)
    if premature then return end
    disable_all()
    -- A second later it is surely past that time.
    ngx.timer.at(1, function(ends) if not ends then workflows.start_timer() end end)
  end
  assert(ngx.timer.at(seconds_until(at), on_time))
end

return workflows
