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
