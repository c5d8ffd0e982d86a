--- Simulates the AOM service and its API gateway on this machine.
--
-- It checks signatures and tokens, keeps the state of workflows, and injects faults on
-- request, so that scripts and tests can meet every behaviour of the real service
-- without an account and without a network:
--
--     local simulator = require "aom.simulator"
--     local sim = simulator.new { ak = "AK", sk = "SK", project = "…", workflows = { "wf-1" } }
--     sim:listen()
--     print(sim.url)
--     sim:run { lifetime = 60 }
--
-- It needs LuaJIT (or Lua 5.1) with lua-http, luaossl, cqueues and lua-cjson, which it
-- loads when a simulator is made, and nothing of the library. `examples/simulator.lua` is
-- a command that runs it.

local simulator = {}

---@class aom.simulator.Options
---@field host string|nil loopback address, default 127.0.0.1
---@field port integer|nil default 0, any free one
---@field tls boolean|nil
---@field cert_dir string|nil where the certificate is written; default a temporary file
---@field http_version number|nil 1.1 or 2: the only version; default both
---@field ak string|nil with `sk`, and optionally `security_token`: one key pair
---@field sk string|nil
---@field security_token string|nil
---@field keys table<string, table>|nil access key to { sk, security_token }
---@field token string|nil one valid token
---@field tokens table<string, boolean|table>|nil token to true or { expired = true }
---@field project string|nil one project id
---@field projects table<string, boolean>|nil project ids
---@field account boolean|nil some twenty workflows, scripts, jobs and templates, see `aom.simulator.account`
---@field workflows table|nil ids, or ids mapped to { name, type, trigger_status }, besides those
---@field routes aom.simulator.Route[]|nil more routes
---@field on_log fun(line: string)|nil called for connections that failed
---@field latency number|nil and every other setting: see `Simulator:set`

---@class aom.simulator.Simulator
---@field url string|nil after `listen`
---@field port integer|nil after `listen`
---@field ca_file string|nil after `listen`, with TLS
local Simulator = {}
Simulator.__index = Simulator

local PACKAGES = "the simulator needs the packages lua-http, lua-luaossl, lua-cqueues and "
  .. "lua-cjson, which Debian has for LuaJIT and Lua 5.1: "

local part_names = { "account", "certificate", "clock", "executions", "faults", "gateway", "iam", "library",
  "metadata", "recorder", "router", "server", "service", "settings", "workflows" }

-- Loads the parts and the modules they need. The error says what to install.
local function load_parts()
  local parts = { cqueues = "cqueues", condition = "cqueues.condition", rand = "openssl.rand" }
  for _, name in ipairs(part_names) do
    parts[name] = "aom.simulator." .. name
  end
  for name, module in pairs(parts) do
    local ok, loaded = pcall(require, module)
    if not ok then
      error(PACKAGES .. tostring(loaded), 3)
    end
    parts[name] = loaded
  end
  return parts
end

local plain_settings = { "latency", "clock_offset", "echo_canonical", "auto_create", "catch_all", "lock",
  "success_body", "response_headers", "token_lifetime", "key_lifetime", "metadata_tokens", "metadata_agency",
  "users", "id_tokens", "pod_tokens", "scripts", "jobs", "templates", "page_cap", "nested_lists",
  "execution_time", "execution_outcome" }

-- A copy of a table option, plus the entry that a short option such as `ak` gives.
local function with_entry(map, name, entry)
  local copy = {}
  for key, value in pairs(map or {}) do
    copy[key] = value
  end
  if name then
    copy[name] = entry
  end
  return copy
end

local function workflow_settings(list)
  local map = {}
  for id, fields in pairs(list or {}) do
    if type(id) == "number" then
      map[fields] = true
    else
      map[id] = fields
    end
  end
  return map
end

-- The options as settings, for the start and for every reset.
local function initial_settings(options)
  local initial = {
    keys = with_entry(options.keys, options.ak, { sk = options.sk, security_token = options.security_token }),
    tokens = with_entry(options.tokens, options.token, true),
    projects = with_entry(options.projects, options.project, true),
    workflows = workflow_settings(options.workflows),
  }
  for _, name in ipairs(plain_settings) do
    initial[name] = options[name]
  end
  return initial
end

local function random_hex(parts, bytes)
  return (parts.rand.bytes(bytes):gsub(".", function(char)
    return string.format("%02x", char:byte())
  end))
end

--- Makes a simulator, which does not listen yet.
---@param options aom.simulator.Options|nil
---@return aom.simulator.Simulator
function simulator.new(options)
  options = options or {}
  local parts = load_parts()
  local self = setmetatable({
    options = options,
    parts = parts,
    initial = initial_settings(options),
    started = parts.cqueues.monotime(),
    stopped = false,
    stop_condition = parts.condition.new(),
    id_prefix = random_hex(parts, 10),
    id_count = 0,
  }, Simulator)
  self:reset()
  return self
end

--- Returns to the state at the start: settings, workflows, records, scripts.
function Simulator:reset()
  local parts = self.parts
  self.settings = parts.settings.defaults()
  self.recorder = parts.recorder.new()
  self.faults = parts.faults.new()
  local function now()
    return self:now()
  end
  self.workflows = parts.workflows.new(self.settings, now)
  self.executions = parts.executions.new(self.settings, parts.cqueues.monotime, now)
  self.router = parts.router.new {}
  for _, routes in ipairs { parts.workflows.routes, parts.executions.routes, parts.library.routes,
    parts.iam.routes, parts.metadata.routes, self.options.routes or {} } do
    for _, route in ipairs(routes) do
      self.router:add(route)
    end
  end
  self.gateway = parts.gateway.new(self.settings, self.recorder, now)
  self.settings.clock_offset = self.initial.clock_offset or 0
  self.began = now()
  if self.options.account then
    assert(self:set(parts.account.settings(self.began)))
  end
  assert(self:set(self.initial))
end

-- In their order workflows are created.
local function sorted_ids(map)
  local ids = {}
  for id in pairs(map) do
    ids[#ids + 1] = id
  end
  table.sort(ids)
  return ids
end

local function change_workflow(self, id, fields)
  if type(fields) == "table" then
    self.executions:remember(self.workflows:put(id, fields), fields.runs or {})
  elseif fields == true then
    self.workflows:put(id)
  else
    self.workflows:remove(id)
  end
end

--- Changes settings:
--   latency, clock_offset      seconds
--   time                       sets the offset so that the clock shows this time, such as
--                              20260102T030405Z
--   echo_canonical, auto_create, catch_all, lock, nested_lists, metadata_agency,
--   metadata_tokens            booleans
--   success_body, response_headers
--   token_lifetime, key_lifetime  seconds, of what the identity and metadata services issue
--   expire_issued              ends all that they have issued
--   page_cap                   the longest page of a list
--   execution_time, execution_outcome  of executions that start from now on
--   keys, tokens, projects, workflows, scripts, jobs, templates, users, id_tokens,
--   pod_tokens                 maps, whose entries are added, replaced, or removed (`false`)
---@param changes table
---@return boolean|nil ok
---@return string|nil err nothing was changed
function Simulator:set(changes)
  local ok, err = self.parts.settings.check(changes)
  if not ok then
    return nil, err
  end
  self.parts.settings.apply(self.settings, changes)
  for _, id in ipairs(sorted_ids(changes.workflows or {})) do
    change_workflow(self, id, changes.workflows[id])
  end
  return true
end

--- Queues scripted faults, see `aom.simulator.faults`.
---@param list table[]
---@return boolean|nil ok
---@return string|nil err
function Simulator:script(list)
  return self.faults:add(list)
end

--- The state and the recorded requests, without secrets.
---@return table
function Simulator:state()
  local state = self.recorder:describe()
  state.settings = self.parts.settings.describe(self.settings)
  state.workflows = self.workflows:describe()
  state.executions = self.executions:describe()
  state.script_pending = self.faults:pending()
  state.time = self.parts.clock.stamp(self:now())
  return state
end

--- The simulated time.
---@return integer seconds since 1970
function Simulator:now()
  return os.time() + math.floor(self.settings.clock_offset)
end

--- Real time since the simulator was made.
---@return number seconds
function Simulator:elapsed()
  return self.parts.cqueues.monotime() - self.started
end

--- A new request id.
---@return string
function Simulator:next_id()
  self.id_count = self.id_count + 1
  return string.format("%s%012x", self.id_prefix, self.id_count)
end

local function make_identity(self)
  if not self.options.tls then
    return nil
  end
  local certificate = self.parts.certificate
  local crt, key = certificate.create()
  self.ca_file = certificate.write(crt, self.options.cert_dir)
  return { crt = crt, key = key }
end

local function log(self, line)
  if self.options.on_log then
    self.options.on_log(line)
  end
end

--- Binds the port, so that clients can connect. Raises if it cannot.
function Simulator:listen()
  local host, parts = self.options.host or "127.0.0.1", self.parts
  self.listener = parts.server.listen {
    host = host,
    port = self.options.port or 0,
    identity = make_identity(self),
    http_version = self.options.http_version,
    on_stream = function(_, stream)
      parts.service.handle(self, stream)
    end,
    on_error = function(line)
      log(self, line)
    end,
  }
  self.port = parts.server.port(self.listener)
  self.url = (self.options.tls and "https" or "http") .. "://" .. host .. ":" .. self.port
end

local function watch_lifetime(self, seconds)
  self.listener.cq:wrap(function()
    self.parts.cqueues.poll(self.stop_condition, seconds)
    self:stop()
  end)
end

-- Seconds between two looks at what keeps it running.
local LOOK = 0.2

local function watch(self, is_wanted)
  self.listener.cq:wrap(function()
    while not self.stopped and is_wanted() do self.parts.cqueues.poll(self.stop_condition, LOOK) end
    self:stop()
  end)
end

-- Signals must be blocked first, so that they can be read.
local function watch_signals(self)
  local signal = require "cqueues.signal"
  signal.block(signal.SIGTERM, signal.SIGINT)
  local listener = signal.listen(signal.SIGTERM, signal.SIGINT)
  self.listener.cq:wrap(function()
    listener:wait()
    self:stop()
  end)
end

--- Serves until `stop` is called or the lifetime has ended, then closes the port.
---@param options { lifetime: number|nil, signals: boolean|nil, is_wanted: (fun(): boolean)|nil }|nil
--- `signals`: SIGTERM and SIGINT stop it; `is_wanted`: it stops when this says no
function Simulator:run(options)
  options = options or {}
  watch_lifetime(self, options.lifetime)
  if options.signals then
    watch_signals(self)
  end
  if options.is_wanted then
    watch(self, options.is_wanted)
  end
  while not self.stopped do
    local ok, err = self.listener.cq:step()
    if not ok then
      -- An error in one exchange must not end the others.
      log(self, tostring(err))
    end
  end
  self:close()
end

--- Makes `run` return. It can be called at any time.
function Simulator:stop()
  self.stopped = true
  self.stop_condition:signal()
end

--- Closes the port and removes the temporary certificate. `run` does this at its end.
function Simulator:close()
  if self.listener then
    self.listener.socket:close()
    self.listener.socket = nil
    self.listener = nil
  end
  if self.ca_file and not self.options.cert_dir then
    os.remove(self.ca_file)
  end
end

return simulator
