--- Whether every host and transport tells the same story: one call for each fault in each
--- host; a cell says what the call came to, its attempts, and how many requests the
--- server saw. A row whose cells differ, and not for a reason that stands beside it in
--- spec/matrix/faults.lua, makes the command fail.
---
---     luajit spec/matrix/run.lua [--hosts "lua5.4 luv"] [--faults PATTERN]

local faults = require "spec.matrix.faults"
local hosts = require "spec.matrix.hosts"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"

local PROJECT = ("0123456789abcdef"):rep(2)

local function words(name)
  for i, word in ipairs(arg) do
    if word == name then return arg[i + 1] end
  end
end

local certificates = process.run "mktemp -d":match "^(%S+)\n"
local cert, key = certificates .. "/cert.pem", certificates .. "/key.pem"
process.run(("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
  .. "-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout %s -out %s 2>/dev/null"):format(key, cert))

local raw = { "replies", "then", "hello" }

local function start_server(fault)
  if fault.steps then
    return process.h2server { steps = fault.steps, hello = fault.greets, cert = cert, key = key }
  end
  local options = { delay = 0, replies = { "" } }
  for _, name in ipairs(raw) do options[name] = fault[name] or options[name] end
  if fault.tls then options.tls, options.cert, options.key = true, cert, key end
  if fault.untrusted then options.cert, options.key = nil, nil end
  return process.rawserver(options)
end

--- The server of a fault, and the options of its client.
local function prepare(fault, host)
  local server, is_secure = start_server(fault), fault.tls or fault.scheme or fault.steps
  local url = "http" .. (is_secure and "s" or "") .. "://localhost:" .. server.port
  if fault.closed then server.stop() end
  local given = {
    endpoint = url, project_id = PROJECT, ak = ("AK %s %s"):format(host, fault.name):gsub("%W", ""), sk = "secret",
    max_attempts = 3, timeout = 8, attempt_timeout = 0.7, connect_timeout = 0.7,
    outage_timeout = 0.7, proxy = "",
  }
  if is_secure and host ~= "nginx-resty" then given.ca_file = cert end
  if fault.proxied then given.endpoint, given.proxy = fault.proxied, server.url end
  for name, value in pairs(fault.options or {}) do given[name] = value end
  return { name = fault.name, execute = fault.execute, options = given, server = server, closed = fault.closed }
end

--- The cells of a host, by the names of the faults.
local function column(host, chosen)
  local list = { ca_file = cert }
  for i, fault in ipairs(chosen) do list[i] = prepare(fault, host.name) end
  local output = host.run(list)
  local cells = {}
  for name, cell in (output .. "\n"):gmatch "([^\t\n]+)\t([^\n]*)\n" do cells[name] = cell end
  for _, fault in ipairs(list) do
    local seen = fault.closed and "" or ("; %d requests"):format(#fault.server.requests())
    cells[fault.name] = cells[fault.name] and cells[fault.name] .. seen or "no line: " .. output:sub(1, 200)
    if not fault.closed then fault.server.stop() end
  end
  return cells
end

local function chosen_faults()
  local pattern, list = words "--faults" or "", {}
  for _, fault in ipairs(faults) do
    if fault.name:find(pattern) then list[#list + 1] = fault end
  end
  return list
end

local function chosen_hosts()
  local names = words "--hosts"
  if not names then return hosts end
  local list = {}
  for _, host in ipairs(hosts) do
    if (" " .. names .. " "):find(" " .. host.name .. " ", 1, true) then list[#list + 1] = host end
  end
  return list
end

--- Prints a row: one cell where all agree, else each host's own. True: it is as it should be.
local function report(fault, columns, list)
  local first = columns[list[1].name][fault.name]
  local others = {}
  for _, host in ipairs(list) do
    local cell = columns[host.name][fault.name]
    if cell ~= first then others[#others + 1] = { host.name, cell } end
  end
  print(("%-36s %s"):format(fault.name, first))
  local right = true
  for _, other in ipairs(others) do
    local reason = fault.differs and fault.differs[other[1]]
    right = right and reason ~= nil
    print(("%36s %s: %s   (%s)"):format("", other[1], other[2], reason or "DIFFERS"))
  end
  return right
end

local list, rows, columns, wrong = chosen_hosts(), chosen_faults(), {}, 0
for _, host in ipairs(list) do columns[host.name] = column(host, rows) end
for _, fault in ipairs(rows) do
  if not report(fault, columns, list) then wrong = wrong + 1 end
end
process.run("rm -rf " .. certificates)
local names = {}
for i, host in ipairs(list) do names[i] = host.name end
print(("%d faults in %d hosts (%s): %d rows differ"):format(#rows, #list, table.concat(names, ", "), wrong))
if not nginx.resty_path() then print("left out: nginx-resty. " .. nginx.NO_RESTY) end
os.exit(wrong == 0 and #rows > 0 and 0 or 1)
