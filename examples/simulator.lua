--- Runs a simulated AOM service on this machine:
--
--     luajit examples/simulator.lua --port 8080 --workflow nightly-backup
--
-- One line of JSON on standard output says where it listens; the settings with
-- which a script reaches it come on standard error. It ends by itself after its
-- lifetime, or with SIGTERM or Ctrl-C.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/../lua/?.lua;" .. here .. "/../lua/?/init.lua;" .. package.path

local ffi = require "ffi"
local json = require "aom.simulator.json"
local simulator = require "aom.simulator"

ffi.cdef "int getpid(void); unsigned alarm(unsigned seconds);"

local usage = [[
usage: luajit examples/simulator.lua [options]
  --port N                port to listen on (default 0: any free one)
  --ak AK --sk SK         the key pair that is accepted
  --security-token T      makes the key pair a temporary one
  --project ID            the project id that is accepted
  --token T               a valid token
  --workflow ID           a workflow that exists; may be repeated
  --auto-create           every workflow exists as soon as it is asked for
  --catch-all             every other path exists too and answers what it understood
  --tls                   HTTPS with a fresh certificate (HTTP/1.1 and HTTP/2)
  --http-version N        speak only 1.1 or only 2
  --cert-dir DIR          where simulator-ca.pem is written (default: a temporary file)
  --latency SECONDS       wait before each answer
  --clock-offset SECONDS  how far the simulated clock is ahead
  --lifetime SECONDS      stop after this time (default 600)
  --quiet                 no hints on standard error
]]

local values = {
  port = tonumber, ak = tostring, sk = tostring, project = tostring, token = tostring, latency = tonumber,
  lifetime = tonumber, workflow = tostring, ["security-token"] = tostring, ["cert-dir"] = tostring,
  ["clock-offset"] = tonumber, ["http-version"] = tonumber,
}

local switches = { tls = true, quiet = true, ["auto-create"] = true, ["catch-all"] = true }

local function fail(message)
  io.stderr:write("simulator: ", message, "\n", usage)
  os.exit(2)
end

local function parse(words)
  local options, workflows, i = { lifetime = 600 }, {}, 1
  while words[i] do
    local name = words[i]:match("^%-%-(.+)$")
    local field = name and name:gsub("%-", "_")
    if switches[name] then
      options[field], i = true, i + 1
    elseif name == "help" then
      io.stdout:write(usage)
      os.exit(0)
    elseif values[name] then
      local value = words[i + 1] and values[name](words[i + 1])
      if value == nil then
        fail("--" .. name .. " needs a value")
      elseif name == "workflow" then
        workflows[#workflows + 1] = value
      else
        options[field] = value
      end
      i = i + 2
    else
      fail("unknown option " .. words[i])
    end
  end
  options.workflows = workflows
  return options
end

-- Enough to try it without reading the options first.
local function with_defaults(options)
  options.ak = options.ak or "SIMULATORACCESSKEY00"
  options.sk = options.sk or "simulator-secret-key"
  options.project = options.project or "0123456789abcdef0123456789abcdef"
  if #options.workflows == 0 then
    options.workflows = { "nightly-backup", "night-shift" }
  end
  return options
end

local function print_hints(options, sim)
  local lines = {
    "export HUAWEICLOUD_SDK_AK=" .. options.ak,
    "export HUAWEICLOUD_SDK_SK=" .. options.sk,
    "export HUAWEICLOUD_SDK_PROJECT_ID=" .. options.project,
    "export HUAWEICLOUD_SDK_AOM_ENDPOINT=" .. sim.url,
    "# workflows: " .. table.concat(options.workflows, " "),
  }
  if options.security_token then
    table.insert(lines, 3, "export HUAWEICLOUD_SDK_SECURITY_TOKEN=" .. options.security_token)
  end
  if sim.ca_file then
    lines[#lines + 1] = "# trust it with ca_file = \"" .. sim.ca_file .. "\""
  end
  table.insert(lines, 1, "# a script in another terminal reaches the simulator with")
  io.stderr:write(table.concat(lines, "\n"), "\n")
end

local function announce(sim)
  io.stdout:write(json.encode {
    url = sim.url,
    port = sim.port,
    pid = tonumber(ffi.C.getpid()),
    ca_file = sim.ca_file or json.null,
  }, "\n")
  io.stdout:flush()
end

local options = with_defaults(parse(arg))
if not options.quiet then
  function options.on_log(line)
    io.stderr:write("simulator: ", line, "\n")
  end
end
local sim = simulator.new(options)
sim:listen()
if not options.quiet then
  print_hints(options, sim)
end
-- should the loop ever get stuck, the process still ends
ffi.C.alarm(math.ceil(options.lifetime) + 5)
announce(sim)
sim:run { lifetime = options.lifetime, signals = true }
