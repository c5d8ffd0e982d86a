--- Helper processes for specs: started with one line of JSON on their standard
-- output that says where they are, stopped by their id. Works on every Lua that
-- the library supports; the helpers themselves run under LuaJIT.

local cjson = require "cjson"

local process = {}

-- A spec may run under another Lua, whose search paths must not reach LuaJIT.
local LUAJIT = "env -u LUA_PATH -u LUA_CPATH -u LUA_INIT luajit "

local PLAIN_OPTIONS = { ak = true, sk = true, project = true, token = true, latency = true, lifetime = true,
  security_token = true, cert_dir = true, clock_offset = true, port = true, http_version = true }
local SWITCHES = { tls = true, bare = true, auto_create = true, catch_all = true }

--- Quotes a word for the shell.
---@param text string|number
---@return string
function process.quote(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

local quote = process.quote

--- Runs a command to its end.
---@param command string for the shell
---@return string output what it wrote to standard output
---@return integer code its exit status
function process.run(command)
  -- Lua 5.1 does not tell the exit status of a pipe, so the shell writes it behind the output
  local pipe = assert(io.popen("{ " .. command .. "\n}; echo \"#$?\"", "r"))
  local output = pipe:read("*a")
  pipe:close()
  local text, code = output:match("^(.*)#(%d+)\n$")
  return text, tonumber(code)
end

--- Writes a temporary file.
---@param bytes string
---@return string path to be removed by the caller
function process.temporary(bytes)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(bytes)
  file:close()
  return path
end

-- Asks to end, waits, and only insists when that did not help. A process that has
-- ended stays visible as a zombie until its pipe is closed.
local STOP = [[
kill %d 2>/dev/null || exit 0
tries=0
while [ $tries -lt 100 ]; do
  case $(ps -o stat= -p %d) in ""|Z*) exit 0 ;; esac
  sleep 0.02
  tries=$((tries + 1))
done
kill -9 %d
]]

local function stop(child)
  if child.pipe then
    os.execute((STOP:gsub("%%d", child.pid)))
    child.pipe:close()
    child.pipe = nil
    for _, path in ipairs(child.files) do
      os.remove(path)
    end
  end
end

--- An object that calls `run` when it is collected.
local function finalised(run)
  local proxy = rawget(_G, "newproxy")
  if not proxy then return setmetatable({}, { __gc = run }) end
  local object = proxy(true)
  getmetatable(object).__gc = run
  return object
end

-- A spec that fails stops nothing. Collected, the pipe would be closed, which waits for the
-- helper's end: so each has a guard, which is younger and therefore finalised before.
--- Starts a helper that announces itself. Its standard error is thrown away, or
-- shown when the environment has AOM_SPEC_VERBOSE.
---@param command string for the shell; must print JSON with a `pid` as its first line
---@return table child `pid`, `line`, `info` (the decoded line), `stop()`
function process.start(command)
  local hidden = os.getenv "AOM_SPEC_VERBOSE" and "" or " 2>/dev/null"
  local pipe = assert(io.popen("exec " .. command .. hidden, "r"))
  local line = pipe:read("*l")
  local ok, info = pcall(cjson.decode, line or "")
  if not ok or not info.pid then
    pipe:close()
    error("no start line from: " .. command .. " (got " .. tostring(line) .. ")", 2)
  end
  local child = { pid = string.format("%d", info.pid), line = line, info = info, pipe = pipe, files = {} }
  child.stop = function()
    stop(child)
  end
  child.guard = finalised(child.stop)
  return child
end

--- The values of a file with one JSON text a line.
---@param path string
---@return table[]
function process.json_lines(path)
  local list = {}
  local file = io.open(path, "r")
  if file then
    for line in file:lines() do
      list[#list + 1] = cjson.decode(line)
    end
    file:close()
  end
  return list
end

-- The directory of the project, from the place of this file.
local function project_root()
  local source = debug.getinfo(1, "S").source:gsub("^@", "")
  return source:match("^(.*)/spec/support/[^/]*$") or "."
end

process.root = project_root()

-- The interpreter that runs the spec: whichever word of the command line comes first.
local function interpreter()
  local name, i = "lua", -1
  while arg and arg[i] do
    name, i = arg[i], i - 1
  end
  return name
end

process.interpreter = interpreter()

-- The words of a command line for a table of options; `list` is the one that is not said here.
local function option_words(what, options, switches, plain, list)
  local words = {}
  for name, value in pairs(options) do
    local flag = "--" .. name:gsub("_", "-")
    if switches[name] then
      words[#words + 1] = value and flag or nil
    elseif plain[name] then
      words[#words + 1] = flag .. " " .. quote(value)
    elseif name ~= list then
      error(("unknown %s option '%s'"):format(what, name), 3)
    end
  end
  return words
end

local relay

--- The program that passes control calls on. It ends when this process does, which closes its input.
local function start_relay()
  local fifo = process.run("mktemp -u"):match "^(%S+)\n"
  assert(os.execute("mkfifo " .. quote(fifo)))
  local calls = assert(io.popen("exec " .. LUAJIT .. quote(process.root .. "/spec/support/relay.lua") .. " "
    .. quote(fifo), "w"))
  local answers = assert(io.open(fifo, "rb"))
  os.remove(fifo)
  return { calls = calls, answers = answers }
end

-- A control call, by what has nothing to do with what is tested.
local function call(simulator, method, path, value)
  local body = value ~= nil and cjson.encode(value) or ""
  -- A call that is interrupted leaves its answer unread: the next one starts another relay.
  local free = relay or start_relay()
  relay = nil
  free.calls:write(("%s %s/_simulator/%s %d\n%s"):format(method, simulator.url, path, #body, body))
  free.calls:flush()
  local line = free.answers:read "*l"
  local length = tonumber(line)
  local text = length and free.answers:read(length)
  relay = free
  if not length then error("the simulator cannot be reached: " .. tostring(line), 3) end
  local answer = cjson.decode(text)
  if answer.error then
    error("simulator: " .. answer.error, 3)
  end
  return answer
end

--- A server that nobody stops ends with the time that the suite gives a file.
local function until_the_limit(options)
  local copy = { lifetime = os.getenv "LIMIT" or 600 }
  for name, value in pairs(options or {}) do copy[name] = value end
  return copy
end

local controls = {}

--- What happened so far: requests, counts, connections, workflows, settings.
function controls.state(simulator)
  return call(simulator, "GET", "state")
end

--- Back to how it was started.
function controls.reset(simulator)
  return call(simulator, "POST", "reset")
end

--- Queues misbehaviour: a list of entries.
function controls.script(simulator, list)
  return call(simulator, "POST", "script", list)
end

--- Changes settings.
function controls.set(simulator, changes)
  return call(simulator, "POST", "settings", changes)
end

--- Starts a simulator. Options are those of its command line with `_` for `-`, and
-- `workflows` as a list of ids; it has no others, unless `account` is true. The result can be
-- used as `simulator.state()` and as `simulator:state()`.
---@param options table|nil
---@return table simulator `url`, `port`, `ca_file`, `pid`, `stop()` and the control calls
function process.simulator(options)
  options = until_the_limit(options)
  options.bare, options.account = not options.account, nil
  local words = option_words("simulator", options, SWITCHES, PLAIN_OPTIONS, "workflows")
  for _, id in ipairs(options.workflows or {}) do
    words[#words + 1] = "--workflow " .. quote(id)
  end
  local simulator = process.start(LUAJIT .. quote(process.root .. "/examples/simulator.lua")
    .. " --json --quiet " .. table.concat(words, " "))
  simulator.url = simulator.info.url
  simulator.port = simulator.info.port
  simulator.ca_file = simulator.info.ca_file ~= cjson.null and simulator.info.ca_file or nil
  for name, control in pairs(controls) do
    simulator[name] = function(first, second)
      return control(simulator, first == simulator and second or first)
    end
  end
  return simulator
end

--- Starts a helper that logs its requests.
local function start_logging(script, words, files, removes_ca)
  local log = process.temporary("")
  files[#files + 1] = log
  local server = process.start(LUAJIT .. quote(process.root .. "/spec/support/" .. script) .. " --log " .. quote(log)
    .. " " .. table.concat(words, " "))
  server.files = files
  server.url, server.port, server.ca_file = server.info.url, server.info.port, server.info.ca_file
  if removes_ca then files[#files + 1] = server.ca_file end
  server.requests = function() return process.json_lines(log) end
  return server
end

local RAW_OPTIONS = { client_ca = true, delay = true, after = true, chunk = true, gap = true, cert = true, key = true,
  lifetime = true, port = true, run = true, ["then"] = true, ["repeat"] = true }
local RAW_SWITCHES = { tls = true, keep_alive = true, by_request = true, no_read = true, hello = true }

--- Starts a server that misbehaves at the level of bytes. `replies` is a list of
-- byte strings; the other options are those of its command line with `_` for `-`.
---@param options table
---@return table server `url`, `port`, `ca_file`, `pid`, `stop()`, `requests()` (what arrived so far)
function process.rawserver(options)
  options = until_the_limit(options)
  local words, files = option_words("raw server", options, RAW_SWITCHES, RAW_OPTIONS, "replies"), {}
  for i, bytes in ipairs(options.replies) do
    files[i] = process.temporary(bytes)
    words[#words + 1] = "--reply " .. quote(files[i])
  end
  return start_logging("rawserver.lua", words, files, options.tls and not options.cert)
end

local H2_OPTIONS = { hello = true, cert = true, key = true, lifetime = true, port = true }

--- Starts an HTTP/2 server that misbehaves at the level of frames. `steps` is a list of what
-- spec/support/h2server.lua does; the other options are those of its command line.
---@param options table
---@return table server as that of `rawserver`
function process.h2server(options)
  options = until_the_limit(options)
  local words = option_words("HTTP/2 server", options, {}, H2_OPTIONS, "steps")
  for _, step in ipairs(options.steps) do words[#words + 1] = "--step " .. quote(step) end
  return start_logging("h2server.lua", words, {}, not options.cert)
end

return process
