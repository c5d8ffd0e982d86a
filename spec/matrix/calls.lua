--- The columns of the faults of the network: a host makes its calls one after the other, each to
--- a server of its own.

local process = require "spec.support.process"

local PROJECT = ("0123456789abcdef"):rep(2)

local calls = {}

local raw = { "replies", "then", "hello" }

local function start_server(fault, authority)
  if fault.steps then
    return process.h2server { steps = fault.steps, hello = fault.greets, cert = authority.cert, key = authority.key }
  end
  local options = { delay = 0, replies = { "" } }
  for _, name in ipairs(raw) do options[name] = fault[name] or options[name] end
  if fault.tls then options.tls, options.cert, options.key = true, authority.cert, authority.key end
  if fault.untrusted then options.cert, options.key = nil, nil end
  return process.rawserver(options)
end

--- The server of a fault, and the options of its client.
local function prepare(fault, host, authority)
  local server, is_secure = start_server(fault, authority), fault.tls or fault.scheme or fault.steps
  local url = "http" .. (is_secure and "s" or "") .. "://localhost:" .. server.port
  if fault.closed then server.stop() end
  local given = {
    endpoint = url, project_id = PROJECT, ak = ("AK %s %s"):format(host, fault.name):gsub("%W", ""), sk = "secret",
    max_attempts = 3, timeout = 8, attempt_timeout = 0.7, connect_timeout = 0.7,
    outage_timeout = 0.7, proxy = "",
  }
  if is_secure and host ~= "nginx-resty" then given.ca_file = authority.cert end
  if fault.proxied then given.endpoint, given.proxy = fault.proxied, server.url end
  for name, value in pairs(fault.options or {}) do given[name] = value end
  return { name = fault.name, execute = fault.execute, options = given, server = server, closed = fault.closed }
end

--- The cells of a host, by the names of the faults.
---@param host aom.MatrixHost
---@param chosen aom.NetworkFault[]
---@param authority { cert: string, key: string }  whom the clients trust
---@return table<string, string>
function calls.column(host, chosen, authority)
  local list = { ca_file = authority.cert, resolves = true }
  for i, fault in ipairs(chosen) do list[i] = prepare(fault, host.name, authority) end
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

return calls
