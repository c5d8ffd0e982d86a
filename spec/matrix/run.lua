--- Whether every host and transport tells the same story about a fault. A row is a fault; a
--- cell says what came of it in a host: of the calls, their attempts, and how many requests
--- the server saw. A row whose cells differ, and not for a reason that stands beside it in
--- its file, makes the command fail.
---
---     luajit spec/matrix/run.lua [--hosts "lua5.4 luv"] [--kinds "files time"] [--faults PATTERN] [--every N]

local calls = require "spec.matrix.calls"
local hosts = require "spec.matrix.hosts"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local stage = require "spec.matrix.stage"

--- `differs` and `left_out` name hosts and say why: of a cell that may differ, and of one
--- that there is none.
---@class aom.MatrixFault
---@field name string
---@field differs? table<string, string>
---@field left_out? table<string, string>

local kinds = {
  { name = "network", column = calls.column },
  { name = "files", column = stage.column },
  { name = "time", column = stage.column },
  { name = "processes", column = stage.column },
}

local function words(name)
  for i, word in ipairs(arg) do
    if word == name then return arg[i + 1] end
  end
end

--- Those of a list that an option names; all without it.
local function named(option, list)
  local names = words(option)
  if not names then return list end
  local found = {}
  for _, item in ipairs(list) do
    if (" " .. names .. " "):find(" " .. item.name .. " ", 1, true) then found[#found + 1] = item end
  end
  return found
end

--- The faults of a kind that are meant and can be tried here; the others go to `skipped`.
local function faults_of(kind, skipped)
  local pattern, every, list = words "--faults" or "", tonumber(words "--every" or 1), {}
  for i, fault in ipairs(require("spec.matrix." .. kind.name)) do
    if i % every == 0 and fault.name:find(pattern) then
      local why = fault.needs and stage.lacks(fault)
      if why then skipped[#skipped + 1] = ("%s: %s"):format(fault.name, why) else list[#list + 1] = fault end
    end
  end
  return list
end

--- Prints a row: one cell where all agree, else each host's own. True: it is as it should be.
local function report(fault, columns, list)
  local first, others, right
  print(fault.name)
  others, right = {}, true
  for _, host in ipairs(list) do
    local text = columns[host.name][fault.name]
    first = first or text
    if text and text ~= first then others[#others + 1] = { host.name, text } end
  end
  print("    " .. tostring(first))
  for _, other in ipairs(others) do
    local reason = fault.differs and fault.differs[other[1]]
    right = right and reason ~= nil
    print(("    %s: %s   (%s)"):format(other[1], other[2], reason or "DIFFERS"))
  end
  return right
end

--- The faults that a host can have.
local function possible(faults, host)
  local list = {}
  for _, fault in ipairs(faults) do
    if not (fault.left_out and fault.left_out[host.name]) then list[#list + 1] = fault end
  end
  return list
end

--- Tries the faults of a kind, and prints its part of the table. How many rows there are, and
--- how many of them are wrong.
local function run(kind, list, authority, skipped)
  local faults, columns, wrong = faults_of(kind, skipped), {}, 0
  if not faults[1] then return 0, 0 end
  for _, host in ipairs(list) do columns[host.name] = kind.column(host, possible(faults, host), authority) end
  print(("--- %s"):format(kind.name))
  for _, fault in ipairs(faults) do
    if not report(fault, columns, list) then wrong = wrong + 1 end
  end
  return #faults, wrong
end

local function make_authority()
  local folder = process.run "mktemp -d":match "^(%S+)\n"
  local authority = { folder = folder, cert = folder .. "/cert.pem", key = folder .. "/key.pem" }
  -- It is valid also when the clock jumps back.
  process.run(("$(command -v faketime >/dev/null && echo faketime -f -1d) openssl req -x509 -newkey ec -pkeyopt "
    .. "ec_paramgen_curve:prime256v1 -nodes -days 3 -subj /CN=localhost -addext "
    .. "subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout %s -out %s 2>/dev/null"):format(authority.key,
    authority.cert))
  return authority
end

local authority, list, skipped = make_authority(), named("--hosts", hosts), {}
local rows, wrong, names = 0, 0, {}
for _, kind in ipairs(named("--kinds", kinds)) do
  local count, bad = run(kind, list, authority, skipped)
  rows, wrong = rows + count, wrong + bad
end
process.run("rm -rf " .. authority.folder)
for i, host in ipairs(list) do names[i] = host.name end
print(("%d faults in %d hosts (%s): %d rows differ"):format(rows, #list, table.concat(names, ", "), wrong))
if not nginx.resty_path() then print("left out: nginx-resty. " .. nginx.NO_RESTY) end
for _, why in ipairs(skipped) do print("left out: " .. why) end
os.exit(wrong == 0 and rows > 0 and 0 or 1)
