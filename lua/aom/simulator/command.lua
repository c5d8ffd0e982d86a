--- The command that runs a simulator: `aom simulate`. It needs LuaJIT.

local ffi = require "ffi"
local json = require "aom.simulator.json"
local simulator = require "aom.simulator"

ffi.cdef "int getpid(void); int getppid(void); unsigned alarm(unsigned seconds);"

local command = {}

local usage = [[
usage: aom simulate [options]
  --port N                port to listen on (default 0: any free one)
  --ak AK --sk SK         the key pair that is accepted
  --security-token T      makes the key pair a temporary one
  --project ID            the project id that is accepted
  --token T               a token that is accepted
  --bare                  none of the account's workflows, scripts, jobs and templates
  --workflow ID[/NAME]    one more workflow that exists; may be repeated
  --auto-create           create any workflow that is requested
  --catch-all             answer any other path by echoing the request
  --tls                   HTTPS with a new certificate (HTTP/1.1 and HTTP/2)
  --http-version N        only HTTP/1.1 (1.1) or only HTTP/2 (2)
  --cert-dir DIR          write simulator-ca.pem there (default: to a temporary file)
  --latency SECONDS       wait before each response
  --clock-offset SECONDS  let the simulated clock run ahead
  --lifetime SECONDS      stop after this time (default 600)
  --with-parent           stop when the process that started it has ended
  --json                  print the URL as JSON, and the hints on standard error
  --quiet                 no hints
Workflows, faults and other settings can be changed while it runs: see doc/simulator.md.
]]

--- Takes a number within limits.
local function number(least, most)
  return function(word)
    local value = tonumber(word)
    return value and value >= least and value <= most and value or nil
  end, ("a number from %d to %d"):format(least, most)
end

local YEARS = 1e9

local any = { tostring, "a value" }
local values = {
  port = { number(0, 65535) }, latency = { number(0, YEARS) }, lifetime = { number(0, YEARS) },
  ["clock-offset"] = { number(-YEARS, YEARS) },
  ["http-version"] = { function(word) return (word == "1.1" or word == "2") and tonumber(word) or nil end, "1.1 or 2" },
  ak = any, sk = any, project = any, token = any, workflow = any, ["security-token"] = any, ["cert-dir"] = any,
}

local switches = { tls = true, quiet = true, json = true, bare = true, ["auto-create"] = true,
  ["catch-all"] = true, ["with-parent"] = true }

local function fail(message)
  io.stderr:write("aom: ", message, "\n")
  os.exit(2)
end

local function refuse(message) fail(message .. "\naom simulate --help lists the options") end

local function parse(words)
  local options, workflows, i = { lifetime = 600 }, {}, 1
  while words[i] do
    local name, equals, word = words[i]:match "^%-%-([^=]+)(=?)(.*)$"
    local field = name and name:gsub("%-", "_")
    if switches[name] and equals == "" then
      options[field], i = true, i + 1
    elseif words[i] == "--help" or words[i] == "-h" then
      io.stdout:write(usage)
      os.exit(0)
    elseif values[name] then
      local read, wanted = values[name][1], values[name][2]
      if equals == "" then i, word = i + 1, words[i + 1] end
      local value = word and read(word)
      if value == nil then
        refuse(("--%s: expected %s, got %s"):format(name, wanted, word or "none"))
      elseif name == "workflow" then
        local id, given = value:match "^([^/]*)/(.*)$"
        workflows[id or value] = id and { name = given } or true
      else
        options[field] = value
      end
      i = i + 1
    else
      refuse("unknown option " .. words[i])
    end
  end
  options.workflows = workflows
  return options
end

-- Lets it run without any option.
local function with_defaults(options)
  options.ak = options.ak or "SIMULATORACCESSKEY00"
  options.sk = options.sk or "simulator-secret-key"
  options.project = options.project or "0123456789abcdef0123456789abcdef"
  options.account = not options.bare
  return options
end

-- A word of the shell.
local function quote(text)
  return text:find "[^%w%-_./:]" and "'" .. text:gsub("'", "'\\''") .. "'" or text
end

-- What would be used instead of the key pair, or with it.
local others = "unset HUAWEICLOUD_SDK_SECURITY_TOKEN HUAWEICLOUD_SDK_IDP_ID HUAWEICLOUD_SDK_ID_TOKEN_FILE"

-- What another terminal can be given as it stands. Not every shell takes a pasted `#` for a
-- comment: those lines hold nothing that such a shell could run.
local function hints(options, sim)
  local exports = {
    { "HUAWEICLOUD_SDK_AK", options.ak }, { "HUAWEICLOUD_SDK_SK", options.sk },
    { "HUAWEICLOUD_SDK_PROJECT_ID", options.project }, { "HUAWEICLOUD_SDK_AOM_ENDPOINT", sim.url },
    { "HUAWEICLOUD_SDK_IAM_ENDPOINT", sim.url }, { "HUAWEICLOUD_SDK_SECURITY_TOKEN", options.security_token },
    { "SSL_CERT_FILE", sim.ca_file },
  }
  local lines = {
    "# a simulated AOM service, paste these lines into another terminal and start a script there", others,
  }
  for _, pair in ipairs(exports) do
    lines[#lines + 1] = pair[2] and ("export %s=%s"):format(pair[1], quote(pair[2])) or nil
  end
  if options.account then
    lines[#lines + 1] = "# then try: aom list"
  end
  lines[#lines + 1] = ("# it ends after %.10g seconds or with Ctrl-C"):format(options.lifetime)
  return table.concat(lines, "\n") .. "\n"
end

local function announce(options, sim)
  if not options.quiet then
    local out = options.json and io.stderr or io.stdout
    out:write(hints(options, sim))
  end
  if options.json then
    io.stdout:write(json.encode {
      url = sim.url,
      port = sim.port,
      pid = tonumber(ffi.C.getpid()),
      ca_file = sim.ca_file or json.null,
    }, "\n")
  end
  io.stdout:flush()
end

local function start(options)
  local sim = simulator.new(options)
  sim:listen()
  return sim
end

--- Runs a simulator until its lifetime has ended, or a signal ends it.
---@param words string[] the words of a command line
function command.main(words)
  local options = with_defaults(parse(words))
  if not options.quiet then
    function options.on_log(line)
      io.stderr:write("simulator: ", line, "\n")
    end
  end
  local started, sim = pcall(start, options)
  if not started then
    local place = (options.port or 0) > 0 and " on port " .. options.port or ""
    fail(("the simulator cannot start%s: %s"):format(place, (tostring(sim):gsub("^%S+:%d+: ", ""))))
  end
  -- Ends the process even if the loop hangs.
  ffi.C.alarm(math.ceil(options.lifetime) + 5)
  announce(options, sim)
  local parent = ffi.C.getppid()
  sim:run { lifetime = options.lifetime, signals = true,
    is_wanted = options.with_parent and function() return ffi.C.getppid() == parent end or nil }
end

return command
