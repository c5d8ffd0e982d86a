--- Proves that a call which finds no file descriptor left says so, wherever it is missing.

local process = require "spec.support.process"

local GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"success"}'
local USED_UP = "network: all file descriptors of this process, or of the system, are in use (hint)"

--- Uses all descriptors but some, and makes a call.
local SCRIPT = [[
local url, left, loop, ca_file = arg[1], tonumber(arg[2]), arg[3], arg[4]
local aom = require "aom.safe"
local uv = loop == "uv" and require "luv"
local client = assert(aom.client { endpoint = url, project_id = ("0"):rep(32), ak = "A", sk = "S", proxy = "",
  max_attempts = 1, timeout = 10, ca_file = ca_file, loop = loop, allow_http = true })
local held = {}
for file in function() return (io.open "/dev/null") end do held[#held + 1] = file end
for _ = 1, left do table.remove(held):close() end
local function show(err, result)
  if result then return print "success" end
  local hint = err.hint and err.hint:find("ulimit -n", 1, true) and "hint" or ""
  print(("%s: %s (%s)"):format(err.kind, err.message, hint))
end
if uv then
  client:enable("wf-1", show)
  uv.run()
else
  local result, err = client:enable "wf-1"
  show(err, result)
end
]]

describe("a process without a file descriptor left", function()
  local path
  setup(function() path = process.temporary(SCRIPT) end)
  teardown(function() os.remove(path) end)

  local rows = {
    { "for a socket", "127.0.0.1", false, 0, USED_UP },
    { "to look a name up", "aom.invalid", false, 1, USED_UP },
    { "to read the CA file", "127.0.0.1", true, 1, USED_UP },
    { "more than it needs makes the call", "localhost", true, 8, "success" },
  }
  for _, row in ipairs(rows) do
    for _, loop in ipairs { "blocking", "uv" } do
      it(("%s, loop %s"):format(row[1], loop), function()
        local server = process.rawserver { replies = { GOOD }, tls = row[3] }
        local output = process.run(("ulimit -n 64; env LUA_CPATH=%s %s %s %s %d %s %s 2>&1"):format(
          process.quote(package.cpath), process.interpreter, process.quote(path),
          (server.url:gsub("127.0.0.1", row[2])), row[4], loop, server.ca_file or ""))
        server.stop()
        assert.are.equal(row[5] .. "\n", output)
      end)
    end
  end
end)

--- Makes a call whose module has not been loaded, through both faces.
local LATE = [[
local call, loop, is_made = arg[1], arg[2], arg[3] == "made"
local aom, safe = require "aom", require "aom.safe"
local options = { endpoint = "http://127.0.0.1:9", project_id = ("0"):rep(32), ak = "A", sk = "S", proxy = "",
  max_attempts = 1, timeout = 10, loop = loop ~= "uv" and loop or nil }
if loop == "uv" then require "luv" end
local clients = is_made and { aom.client(options), safe.client(options) } or {}
local run = assert((loadstring or load)("local aom, client, options = ... " .. call))
local held = {}
for file in function() return (io.open "/dev/null") end do held[#held + 1] = file end
local raised, err = pcall(run, aom, clients[1], options)
local value, returned = run(safe, clients[2], options)
for _, file in ipairs(held) do file:close() end
local function show(reason) print(reason.kind .. ": " .. reason.message, reason.hint:match "ulimit %-n") end
print(not raised, value or nil)
show(err)
show(returned)
-- And it can be loaded after that.
print(not tostring(select(2, pcall(run, aom, clients[1], options))):find "descriptors")
]]

describe("what is loaded late, without a file descriptor", function()
  local path
  setup(function() path = process.temporary(LATE) end)
  teardown(function() os.remove(path) end)

  local calls = {
    'return client:trigger_all({ "wf-1" }, "enable", { concurrency = 1 })',
    'return client:find { name = "x" }',
    'return client:wait("wf-1", "ex-1")',
    'return client:all_workflows()',
    'return client:list_workflows()',
    'return client:execute "wf-1"',
    'for _, err in client:workflows() do return nil, err end',
    'for _, err in client:pages { method = "GET", path = "/v1/x" } do return nil, err end',
    'return client:pause { match = "x" }',
    'return client:resume "/nowhere"',
    'return client:request { method = "GET", path = "/v1/x" }',
    'return client:triger("wf-1", "enable")',
    'return client:enable("wf-1", function() end)',
    'return client:list_workflows(nil, function() end)',
    'return aom.triger("wf-1", "enable")',
    'return aom.sign({}, {})',
    'return aom.doctor()',
    'return aom.version()',
    'return aom.log(print)',
  }
  local function check(call, loop, is_made)
    local output = process.run(("ulimit -n 64; env LUA_CPATH=%s %s %s %s %s %s 2>&1"):format(
      process.quote(package.cpath), process.interpreter, process.quote(path), process.quote(call), loop, is_made))
    local reason = USED_UP:gsub(" %(hint%)", "\tulimit -n\n")
    assert.are.equal("true\tnil\n" .. reason .. reason .. "true\n", output)
  end
  for _, call in ipairs(calls) do
    it("says so: " .. call, function() check(call, "blocking", "made") end)
  end
  for _, loop in ipairs { "blocking", "uv" } do
    it("says so when the client is made, loop " .. loop, function()
      check("return aom.client(options)", loop, "none")
    end)
  end
end)

--- Names a module that nobody has, with no descriptor left but the one that is kept back, and then with many.
local NOBODYS = [[
local lazy = require "aom.util.lazy"
require("aom.core").keep_descriptor()
local held = {}
for file in function() return (io.open "/dev/null") end do held[#held + 1] = file end
local function show() print((select(2, pcall(function() return lazy "aom.nobodys".key end))):match "[^\n]+") end
show()
print(io.open "/dev/null" == nil)
for _, file in ipairs(held) do file:close() end
show()]]

it("a module that cannot be loaded costs no descriptor, and says why once there are some", function()
  local path = process.temporary(NOBODYS)
  local output = process.run(("ulimit -n 64; env LUA_CPATH=%s %s %s 2>&1"):format(process.quote(package.cpath),
    process.interpreter, process.quote(path)))
  os.remove(path)
  local reason = USED_UP:gsub("^network: ", ""):gsub(" %(hint%)", "")
  assert.matches("^" .. reason .. "\ntrue\nmodule 'aom%.nobodys' not found:?\n$", output)
end)

--- Makes a call, uses all descriptors, and makes another one on the same connection.
local AFTER_A_CALL = [[
local url, loop = arg[1], arg[2]
local aom = require "aom.safe"
if loop == "uv" then require "luv" end
local client = assert(aom.client { endpoint = url, project_id = ("0"):rep(32), ak = "A", sk = "S", proxy = "",
  max_attempts = 2, timeout = 10 })
assert(client:enable "wf-1")
local held = {}
for file in function() return (io.open "/dev/null") end do held[#held + 1] = file end
local result, err = client:enable "wf-2"
print(result and "success, attempts " .. result.attempts or err.kind .. ": " .. err.message)
-- The one that was kept back is kept back again.
local last = io.open "/dev/null"
print(last == nil)]]

describe("what is loaded after a failure, without a file descriptor", function()
  local path
  setup(function() path = process.temporary(AFTER_A_CALL) end)
  teardown(function() os.remove(path) end)

  local function answer(status, body, head)
    return ("HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s"):format(status, #body, head or "", body)
  end
  local rows = {
    ["a refusal"] = { { answer("404 Not Found", '{"error_code":"AOM.1","error_msg":"no such workflow"}') },
      "service: no such workflow" },
    ["an answer of nobody known"] = { { answer("200 OK", "<p>hello</p>") },
      "protocol: unexpected response: <p>hello</p>" },
    ["a failure that passes"] = { { answer("503 Service Unavailable", "", "Retry-After: 0\r\n"), GOOD },
      "success, attempts 2" },
    ["JSON"] = { { answer("200 OK", '{"result":"done"}') }, "success, attempts 1" },
  }
  for title, row in pairs(rows) do
    for _, loop in ipairs { "blocking", "uv" } do
      it(("is there for %s, loop %s"):format(title, loop), function()
        local replies = { GOOD }
        for _, reply in ipairs(row[1]) do replies[#replies + 1] = reply end
        local server = process.rawserver { replies = replies, keep_alive = true }
        local output = process.run(("ulimit -n 64; env LUA_CPATH=%s %s %s %s %s 2>&1"):format(
          process.quote(package.cpath), process.interpreter, process.quote(path), server.url, loop))
        server.stop()
        assert.are.equal(row[2] .. "\ntrue\n", output)
      end)
    end
  end
end)

it("the descriptor that is kept back is kept anew after a host has closed all", function()
  local path = process.temporary [[
    local core, ffi = require "aom.core", require "ffi"
    ffi.cdef "int close(int);"
    core.keep_descriptor()
    for fd = 3, 63 do ffi.C.close(fd) end
    core.keep_descriptor()
    local held = {}
    for file in function() return (io.open "/dev/null") end do held[#held + 1] = file end
    print(core.spend_descriptor(), core.spend_descriptor())]]
  local output = process.run(("ulimit -n 64; env LUA_CPATH=%s luajit %s 2>&1"):format(
    process.quote(process.root .. "/build/luajit/?.so;;"), process.quote(path)))
  os.remove(path)
  assert.are.equal("true\tfalse\n", output)
end)
