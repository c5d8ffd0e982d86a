--- Helper processes for specs: started with one line of JSON on their standard
-- output that says where they are, stopped by their id. Works on every Lua that
-- the library supports; the helpers themselves run under LuaJIT.

local cjson = require "cjson"

local process = {}

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

-- The specs of one suite run side by side: the first one makes it.
local MAKE = "cd %s && { [ -d made ] || mkdir made; } && exec 9>made/lock && flock 9 && { [ made/%s -nt %s ] || "
  .. "{ %s && mv made/new made/%s; }; } 2>&1"

--- What takes long to make and is the same for all specs: is made once, in the folder of builds.
---@param name string
---@param source string   the file that it is made of
---@param command string  for the shell; makes the file or folder made/new
---@return string|nil path
---@return string output
function process.made(name, source, command)
  local build = os.getenv "BUILD" or "build"
  if build:sub(1, 1) ~= "/" then build = process.root .. "/" .. build end
  local output, code = process.run(MAKE:format(quote(build), name, quote(source), command, name))
  return code == 0 and ("%s/made/%s"):format(build, name) or nil, output
end

--- The folder with the locales de_DE.UTF-8 and tr_TR.UTF-8, for LOCPATH; nil where localedef cannot make them.
---@return string|nil path
function process.locales()
  return (process.made("locales", "/usr/share/i18n/locales/de_DE", "rm -rf made/new && mkdir made/new && "
    .. "for name in de_DE tr_TR; do localedef -i $name -f UTF-8 made/new/$name.UTF-8 || exit; done"))
end

--- A library of spec/support, to be preloaded or loaded.
---@param name string
---@param libraries? string  that it is linked with
---@return string path
function process.shim(name, libraries)
  local source = process.root .. "/spec/support/" .. name .. ".c"
  local path, output = process.made(name .. ".so", source,
    ("${CC:-cc} -shared -fPIC -D_GNU_SOURCE -o made/new %s %s"):format(quote(source), libraries or "-ldl"))
  return assert(path, output)
end

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
      words[#words + 1], words[#words + 2] = flag, tostring(value)
    elseif name ~= list then
      error(("unknown %s option '%s'"):format(what, name), 3)
    end
  end
  return words
end

local TERM, KILL = 15, 9

-- A spec may run under another Lua, whose search paths must not reach LuaJIT.
local HELPERS = "unset LUA_PATH LUA_CPATH LUA_INIT; exec luajit %s %s"

local helpers

--- The program that runs the helpers. It ends when this process does, which closes its input.
local function start_helpers()
  local fifo = os.tmpname()
  os.remove(fifo)
  assert(os.execute("exec mkfifo " .. quote(fifo)))
  local calls = assert(io.popen(HELPERS:format(quote(process.root .. "/spec/support/helpers.lua"), quote(fifo)), "w"))
  local answers = assert(io.open(fifo, "rb"))
  os.remove(fifo)
  return { calls = calls, answers = answers, count = 0 }
end

-- A call that is interrupted leaves its answer unread: the next one, which has another number, passes it over.
local function ask(call)
  helpers = helpers or start_helpers()
  local number = helpers.count + 1
  helpers.count = number
  helpers.calls:write(("%d %s\n"):format(number, cjson.encode(call)))
  helpers.calls:flush()
  local line, came
  repeat
    line = assert(helpers.answers:read "*l", "the helpers have ended")
    came = tonumber(line:match "^%d+")
  until came == number
  return cjson.decode(line:match " (.*)$")
end

local function new_child(info, signals)
  local child = { pid = ("%d"):format(info.pid), info = info, files = {} }
  local stopped = false
  function child.wait(seconds) ask { what = "wait", pid = info.pid, seconds = seconds } end
  function child.stop()
    if stopped then return end
    stopped = true
    ask { what = "stop", pid = info.pid, signals = signals }
    for _, path in ipairs(child.files) do os.remove(path) end
  end
  return child
end

--- Starts a helper that announces itself. Its standard error is thrown away, or
-- shown when the environment has AOM_SPEC_VERBOSE.
---@param script string   a path in the project; must print JSON with a `pid` as its first line
---@param words string[]  its arguments
---@return table child `pid`, `info` (the decoded line), `wait(seconds)` for its end, `stop()`
function process.start(script, words)
  local info = ask { what = "script", path = process.root .. "/" .. script, words = words,
    loud = os.getenv "AOM_SPEC_VERBOSE" ~= nil }
  if info.error then error(info.error, 2) end
  return new_child(info, { TERM, KILL })
end

--- Starts a server that does not announce itself.
---@param command string     for the shell
---@param ready string       a URL that it answers once it runs
---@param signals integer[]  that stop it, one after the other
---@return table child `pid`, `wait(seconds)` for its end, `stop()`
function process.command(command, ready, signals)
  local info = ask { what = "command", words = command, ready = ready }
  if info.error then error(info.error, 2) end
  return new_child(info, signals)
end

--- Sleeps without starting a process.
---@param seconds number
function process.sleep(seconds) ask { what = "sleep", seconds = seconds } end

--- A request by what has nothing to do with what is tested.
---@param method string
---@param url string
---@param body? string
---@param headers? table<string, string>
---@return { status: integer?, body: string?, headers: table<string, string>?, error: string? } answer
function process.request(method, url, body, headers)
  return ask { what = "request", method = method, url = url, body = body or "", headers = headers or {} }
end

local function call(simulator, method, path, value)
  local answer = process.request(method, simulator.url .. "/_simulator/" .. path, value ~= nil and cjson.encode(value))
  local state = answer.body and cjson.decode(answer.body) or answer
  if state.error then error("simulator: " .. state.error, 3) end
  return state
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
  words[#words + 1], words[#words + 2] = "--json", "--quiet"
  for _, id in ipairs(options.workflows or {}) do
    words[#words + 1], words[#words + 2] = "--workflow", id
  end
  local simulator = process.start("examples/simulator.lua", words)
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
  words[#words + 1], words[#words + 2] = "--log", log
  local server = process.start("spec/support/" .. script, words)
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
    words[#words + 1], words[#words + 2] = "--reply", files[i]
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
  for _, step in ipairs(options.steps) do words[#words + 1], words[#words + 2] = "--step", step end
  return start_logging("h2server.lua", words, {}, not options.cert)
end

return process
