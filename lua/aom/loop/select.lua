--- Which loop a client waits in: the one that the user names or brings, else the one
--- that this Lua runs in. A loop is a small table, and the only thing in the library
--- that knows where it stands.

local adapter = require "aom.loop.adapter"
local core = require "aom.core"
local errors = require "aom.util.errors"

local select_loop = {}

--- How one waits. An adapter of a user's own provides the first five.
---@class aom.Loop
---@field fetch fun(attempt: aom.Attempt, deadline: number): aom.Answer|nil, aom.Trouble|nil
---@field sleep fun(seconds: number): boolean|nil  false: the call was cancelled meanwhile
---@field now fun(): number  monotonic seconds; deadlines are in this time
---@field waiter fun(): aom.Waiter|nil  nil: nothing else can run while one waits here
---@field run fun(list: function[], concurrency: integer)  runs all, returns when all have ended
---@field spawn? fun(body: function): any  starts one; without it `run` runs it
---@field cancel? fun(task: any)  wakes what `spawn` returned out of its wait
---@field current? fun(): any  what `cancel` takes for the call that asks
---@field close? fun()
---@field enter? fun(later: boolean): string|nil  called before a call begins, with true when it is to
---  run as a task of its own: why none can be made from here. It may wait
---@field shared? table  a store that processes share, as an ngx.shared dictionary
---@field lockout_clock? fun(): number  for specs: the time that blocked keys are counted by, in
---  place of the machine's own, which all loops share

---@class aom.Waiter
---@field wait fun(deadline: number): boolean|nil  whether it was woken; nil: the call was cancelled
---@field wake fun()

-- Loaded when chosen: luv need not be there for a script that does not use it.
local modules = { blocking = "aom.loop.blocking", uv = "aom.loop.uv", nginx = "aom.loop.nginx" }

local MAX_HEAD = 256 * 1024

local function make_engine(settings)
  local engine, why = core.engine {
    ca_file = settings.ca_file,
    proxy = settings.proxy,
    insecure = settings.insecure,
    user_agent = settings.user_agent,
    max_body = settings.max_response_bytes,
    max_head = MAX_HEAD,
  }
  if not engine then return nil, errors.config("libcurl cannot be used: " .. why) end
  return engine
end

--- Where this Lua runs.
local function detect()
  if ngx and ngx.get_phase then return "nginx" end
  if vim and (vim.uv or vim.loop) then return "uv" end
  -- A script that has loaded luv runs its loop; waiting in it blocks no less where
  -- nothing can be suspended.
  if package.loaded.luv then return "uv" end
  return "blocking"
end

--- Why a loop that the user names cannot be had here, or nil.
local function unusable(choice)
  if choice == "nginx" and not (ngx and ngx.get_phase) then
    return errors.config('option loop: "nginx" works inside nginx alone')
  end
  if choice == "uv" and not (vim and (vim.uv or vim.loop)) and not pcall(require, "luv") then
    return errors.config('option loop: "uv" needs luv, which cannot be loaded', "luarocks install luv")
  end
end

---@param settings table  a client's resolved configuration
---@return aom.Loop|nil
---@return aom.Error|nil
function select_loop.loop(settings)
  local choice = settings.loop or detect()
  if type(choice) == "table" then return adapter.new(choice, settings) end
  if settings.transport == "resty" and choice ~= "nginx" then
    return nil, errors.config('option transport: "resty" works inside nginx alone')
  end
  local err = unusable(choice)
  if err then return nil, err end
  local engine
  engine, err = make_engine(settings)
  if not engine then return nil, err end
  return require(modules[choice]).new(engine, settings, MAX_HEAD)
end

--- Called before a call begins, with `later` when it is to run as a task of its own.
---@param entered aom.Loop
---@param later boolean
---@return aom.Error|nil  why no call can be made from here
function select_loop.enter(entered, later)
  local refusal = entered.enter and entered.enter(later)
  return refusal and errors.argument("%s", refusal) or nil
end

return select_loop
