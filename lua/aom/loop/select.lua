--- Selects which loop a client waits in: the one that the user names or brings, else the
--- one that fits where this Lua runs. Only the loops know the host; for the rest of the
--- library a loop is a table of functions.

local core = require "aom.core"
local errors = require "aom.util.errors"
local host = require "aom.util.host"
local lazy = require "aom.util.lazy"

local adapter = lazy "aom.loop.adapter"

local select_loop = {}

--- How a call waits. The first five functions are what a user's own adapter must have.
---@class aom.Loop
---@field fetch fun(attempt: aom.Attempt, deadline: number): aom.Answer|nil, aom.Trouble|nil
---@field sleep fun(seconds: number): boolean|nil  false: the call was cancelled meanwhile
---@field now fun(): number  monotonic seconds; deadlines are in this time
---@field waiter fun(holder?: aom.Loop): aom.Waiter|nil  nil: nothing else can run while one waits here, or no call of
---  the other loop, for which this one is to wait
---@field run fun(list: function[], concurrency: integer)  runs all, returns when all have ended
---@field spawn? fun(body: function): any  starts a task; without it `run` runs the body
---@field cancel? fun(task: any)  ends the wait of a task
---@field current? fun(): any  the task that runs now, for `cancel`
---@field forgive? fun(task: any)  a task that was cancelled goes on with something else
---@field close? fun()
---@field enter? fun(later: boolean): string|nil  called before a call begins, with true when it is to
---  run as a task of its own: why no call can be made from here. It may wait
---@field prepare? fun(attempt: aom.Attempt, fields: table): aom.PreparedWay  where a call may go a short way
---@field name? string
---@field object? table  of what its functions are bound to
---@field transport? "curl"|"resty"  in nginx
---@field shared? table  a store that processes share, such as an ngx.shared dictionary

--- A request that differs from one before by an id in its path and a choice in its query.
---@class aom.Prepared
---@field send fun(self: aom.Prepared, date: string, id: any, choice: any): table|false|nil, number|nil, integer|nil
---  the result of an answer as before; false for anything else, with the id of the attempt as third; the seconds since
---  it began; nil where nothing was sent
---@field begin fun(self: aom.Prepared, date: string, id: any, choice: any): integer|nil  the id of the attempt
---@field take fun(self: aom.Prepared, id: integer): boolean, string|nil  whether the answer is as before, and its
---  request id; if it is not, the attempt is to be collected
---@field result fun(self: aom.Prepared, request_id: string|nil, id: any, choice: any): table  of such an answer
---@field head fun(self: aom.Prepared, date: string, id: any, choice: any): string|nil  as core.head; what is sent with
---  it goes another way than through the engine
---@field is_good fun(self: aom.Prepared, status: integer, type: string|nil, body: string): boolean  whether an answer
---  that came such a way is as before

--- How a loop makes such requests.
---@class aom.PreparedWay
---@field object aom.Prepared
---@field send? function  its method, where a call that waits outside of any task may use it
---@field finish? fun(id: integer): aom.Answer|nil, aom.Trouble|nil  waits for an attempt of `send` that goes on
---@field send_in_task fun(date: string, id: any, choice: any): boolean, aom.Answer|true|nil, aom.Trouble|string|nil
---  whether it was sent; what `fetch` returns, or true for an answer as before, with its request id

---@class aom.Waiter
---@field wait fun(deadline: number): boolean|nil  whether it was woken; nil: the call was cancelled
---@field wake fun()

-- Loaded when chosen: a script that does not use luv need not have it.
local modules = { blocking = "aom.loop.blocking", uv = "aom.loop.uv", nginx = "aom.loop.nginx" }

local MAX_HEAD = 256 * 1024

-- Its methods are for calls that wait beside others.
local Carrier = { __index = lazy "aom.loop.carrier" }

---@param engine userdata  an engine of aom.core
---@return aom.Carrier
function select_loop.carrier(engine) return setmetatable({ engine = engine, waits = {}, taken = false }, Carrier) end

--- One for each kind of loop in this Lua state.
---@type table<string, aom.Carrier>
local carriers = {}

local function find_carrier(choice)
  if not carriers[choice] then
    local engine, why = core.engine()
    if not engine then return nil, errors.config("libcurl cannot be used: " .. why) end
    carriers[choice] = select_loop.carrier(engine)
  end
  return carriers[choice]
end

---@return aom.Transport
local function transport_of(settings)
  return {
    ca_file = settings.ca_file,
    ca_path = settings.ca_path,
    ca_pem = settings.ca_pem,
    client_cert = settings.client_cert,
    client_key = settings.client_key,
    client_key_password = settings.client_key_password,
    proxy = settings.proxy,
    insecure = settings.insecure,
    user_agent = settings.user_agent,
    max_body = settings.max_response_bytes,
    max_head = MAX_HEAD,
  }
end

--- The loop that fits where this Lua runs.
local function detect()
  if host.ngx() then return "nginx" end
  if host.vim() then return "uv" end
  -- A script that has loaded luv runs its loop. Where nothing can be suspended, a call
  -- blocks in it as it does without.
  if package.loaded.luv and not host.is_vim_thread() then return "uv" end
  return "blocking"
end

--- Why a loop that the user names cannot be had here, or nil.
local function unusable(choice)
  if choice == "nginx" and not host.ngx() then
    return errors.config('option loop: "nginx" works only inside nginx')
  end
  if choice == "uv" and not host.vim() and not errors.caught(require, "luv") then
    if core.lacks_descriptors() then return errors.shortage(errors.NO_DESCRIPTORS) end
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
    return nil, errors.config('option transport: "resty" works only inside nginx')
  end
  local err = unusable(choice)
  if err then return nil, err end
  local shared
  shared, err = find_carrier(choice)
  if not shared then return nil, err end
  return lazy(modules[choice]).new(shared, transport_of(settings), settings)
end

--- Called before a call begins, with `later` when it is to run as a task of its own.
---@param loop aom.Loop
---@param later boolean
---@return aom.Error|nil  why no call can be made from here
function select_loop.enter(loop, later)
  local refusal = loop.enter and loop.enter(later)
  return refusal and errors.argument("%s", refusal) or nil
end

return select_loop
