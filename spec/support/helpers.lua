--- Runs the servers of a spec and passes its control calls on to them. It has loaded what they need, so that each of
--- them is a fork, which costs a twentieth of a start.
---
---     luajit spec/support/helpers.lua FIFO
---
--- Each line of standard input is a number and a call in JSON; FIFO gets the number and the answer in JSON:
---
---     { what = "script", path, words, loud }  runs a script of ours; answers the first line that it prints
---     { what = "command", words, ready }      runs a command of the shell; answers its pid once the URL `ready` does
---     { what = "stop", pid, signals }         sends one signal after the other until it has ended
---     { what = "wait", pid, seconds }         waits so long for its end
---     { what = "request", method, url, body, headers } answers { status, body, headers }
---     { what = "sleep", seconds }             answers so much later
---
--- An answer with `error` says what went wrong. It ends with its input, and what it has started ends with it. It needs
--- lua-http, as the simulator does.

local here = arg[0]:match "^(.*)/[^/]*$"
local root = here .. "/../../"
package.path = root .. "lua/?.lua;" .. root .. "lua/?/init.lua;" .. root .. "?.lua;" .. package.path

local cjson = require "cjson"
local ffi = require "ffi"
local request = require "http.request"
local tls = require "http.tls"
require "aom.simulator".new {}
require "aom.simulator.command"
require "cqueues.signal"
require "spec.support.listening"

ffi.cdef [[
  int fork(void);
  int execl(const char *path, const char *word, ...);
  int pipe2(int fds[2], int flags);
  int dup2(int from, int to);
  int open(const char *path, int flags, ...);
  int close(int fd);
  long read(int fd, void *bytes, size_t size);
  int kill(int pid, int signal);
  int waitpid(int pid, int *status, int options);
  int usleep(unsigned microseconds);
]]

local C = ffi.C
local O_RDWR, O_CLOEXEC, WNOHANG = 2, 0x80000, 1 -- Linux
local TERM, KILL = 15, 9
local TIMEOUT = 60    -- seconds of a control call
local READY = 10      -- seconds that a command has
local PATIENCE = 2000 -- milliseconds that a signal has

-- What a child collects it copies from its parent first: that is not worth it before much is new.
collectgarbage("setpause", 1000)
collectgarbage()

local answers = assert(io.open(arg[1], "wb"))
local children = {}

--- Forks, and lets the child `run`; what it prints can be read from `output`.
local function start(loud, run)
  local ends = ffi.new "int[2]"
  assert(C.pipe2(ends, O_CLOEXEC) == 0, "there is no pipe")
  local pid = C.fork()
  assert(pid >= 0, "there is no process")
  if pid == 0 then
    answers:close()
    local null = C.open("/dev/null", O_RDWR)
    C.dup2(null, 0)
    C.dup2(ends[1], 1)
    if not loud then C.dup2(null, 2) end
    local ok, err = pcall(run)
    if not ok then io.stderr:write(tostring(err), "\n") end
    os.exit(ok and 0 or 1)
  end
  C.close(ends[1])
  children[pid] = { output = ends[0] }
  return pid
end

--- Whether it has ended; that is known once.
local function has_ended(pid)
  if not children[pid] then return true end
  if C.waitpid(pid, nil, WNOHANG) == 0 then return false end
  C.close(children[pid].output)
  children[pid] = nil
  return true
end

--- Waits for its end; true: it has come.
local function wait(pid, milliseconds)
  for _ = 1, milliseconds do
    if has_ended(pid) then return true end
    C.usleep(1000)
  end
  return has_ended(pid)
end

local function stop(pid, signals)
  if has_ended(pid) then return end
  for _, signal in ipairs(signals) do
    C.kill(pid, signal)
    if wait(pid, signal == KILL and math.huge or PATIENCE) then return end
  end
end

local function first_line(pid)
  local text, bytes = "", ffi.new "char[4096]"
  repeat
    local count = C.read(children[pid].output, bytes, 4096)
    text = text .. ffi.string(bytes, math.max(0, tonumber(count)))
  until count <= 0 or text:find("\n", 1, true)
  return text:match "^[^\n]*"
end

-- What simulators certify is tested elsewhere.
local trusting = tls.new_client_context()
trusting:setVerify(require "openssl.ssl.context".VERIFY_NONE)

local function fetch(method, url, body, headers, timeout)
  local asked = request.new_from_uri(url)
  asked.proxies, asked.ctx, asked.follow_redirects = false, trusting, false
  asked.headers:upsert(":method", method)
  asked:set_body(body)
  asked.headers:delete "expect"
  for name, value in pairs(headers) do asked.headers:upsert(name == "Host" and ":authority" or name:lower(), value) end
  local head, stream = asked:go(timeout)
  local text, failure
  if head then text, failure = stream:get_body_as_string(timeout) end
  if not text then return { error = url .. " does not answer: " .. tostring(failure or stream) } end
  local answer = { status = tonumber(head:get ":status"), body = text, headers = {} }
  for name, value in head:each() do answer.headers[name] = value end
  return answer
end

local calls = {}

function calls.script(call)
  local pid = start(call.loud, function()
    call.words[0] = call.path
    _G.arg = call.words
    dofile(call.path)
  end)
  local line = first_line(pid)
  if line:sub(1, 1) == "{" then return line end
  stop(pid, { KILL })
  error(("no start line from %s %s (got %q)"):format(call.path, table.concat(call.words, " "), line), 0)
end

function calls.command(call)
  local pid = start(true, function() C.execl("/bin/sh", "sh", "-c", call.words, nil) end)
  for _ = 1, READY * 200 do
    if has_ended(pid) then break end
    if fetch("GET", call.ready, "", {}, 2).status then return cjson.encode { pid = pid } end
    C.usleep(5000)
  end
  stop(pid, { KILL })
  error("it did not start: " .. call.words, 0)
end

function calls.stop(call)
  stop(call.pid, call.signals)
  return "{}"
end

function calls.wait(call)
  wait(call.pid, call.seconds * 1000)
  return "{}"
end

function calls.request(call) return cjson.encode(fetch(call.method, call.url, call.body, call.headers, TIMEOUT)) end

function calls.sleep(call)
  C.usleep(call.seconds * 1e6)
  return "{}"
end

for line in io.lines() do
  local number, text = line:match "^(%d+) (.*)$"
  local call = cjson.decode(text)
  local ok, answer = pcall(calls[call.what], call)
  answers:write(number, " ", ok and answer or cjson.encode { error = tostring(answer) }, "\n")
  answers:flush()
end

for pid in pairs(children) do stop(pid, { TERM, KILL }) end
