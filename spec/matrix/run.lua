--- Whether every host and transport tells the same story about a fault. A row is a fault; a
--- cell says what came of it in a host: of the calls, their attempts, and how many requests
--- the server saw. A row whose cells differ, and not for a reason that stands beside it in
--- its file, makes the command fail.
---
---     luajit spec/matrix/run.lua [--hosts "lua5.4 luv"] [--kinds "files time"] [--faults PATTERN] [--every N]
---         [--jobs N]
---
--- So many hosts are tried at once, each by a process that runs this file with `--column` and prints its cells.

local calls = require "spec.matrix.calls"
local hosts = require "spec.matrix.hosts"
local process = require "spec.support.process"
local stage = require "spec.matrix.stage"

local quote = process.quote

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

local function leaves_out(fault, host) return fault.left_out and fault.left_out[host.name] end

--- Prints a row: one cell where all agree, else each host's own. True: it is as it should be.
local function report(fault, columns, list)
  local first, others, right
  print(fault.name)
  others, right = {}, true
  for _, host in ipairs(list) do
    local text = columns[host.name][fault.name]
    if not text and not leaves_out(fault, host) then text, right = "no cell", false end
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
    if not leaves_out(fault, host) then list[#list + 1] = fault end
  end
  return list
end

--- In the process of a column: the cell of each fault, a line each.
local function print_column(kind, host, authority)
  local cells = kind.column(host, possible(faults_of(kind, {}), host), authority)
  for name, text in pairs(cells) do print(("%s\t%s"):format(name, (text:gsub("%s+", " ")))) end
end

--- The cells that the process of a column has printed.
local function read_column(pipe)
  local cells = {}
  for line in pipe:lines() do
    local name, text = line:match "^([^\t]+)\t(.*)$"
    if name then cells[name] = text else print(line) end
  end
  pipe:close()
  return cells
end

--- The cells of all hosts, by their names.
local function columns_of(kind, list, authority)
  local given, pipes, columns, jobs = {}, {}, {}, tonumber(words "--jobs" or 3)
  for i, word in ipairs(arg) do given[i] = quote(word) end
  local command = ("exec luajit %s --column --kinds %s --hosts %%s --folder %s %s"):format(quote(arg[0]), kind.name,
    quote(authority.folder), table.concat(given, " "))
  for i, host in ipairs(list) do
    for ahead = i, math.min(i + jobs - 1, #list) do
      pipes[ahead] = pipes[ahead] or io.popen(command:format(list[ahead].name))
    end
    columns[host.name] = read_column(pipes[i])
  end
  return columns
end

--- Tries the faults of a kind, and prints its part of the table. How many rows there are, and
--- how many of them are wrong.
local function run(kind, list, authority, skipped)
  local faults, wrong = faults_of(kind, skipped), 0
  if not faults[1] then return 0, 0 end
  local columns = columns_of(kind, list, authority)
  print(("--- %s"):format(kind.name))
  for _, fault in ipairs(faults) do
    if not report(fault, columns, list) then wrong = wrong + 1 end
  end
  return #faults, wrong
end

local function authority_in(folder)
  return { folder = folder, cert = folder .. "/cert.pem", key = folder .. "/key.pem" }
end

local function make_authority()
  local authority = authority_in(process.run "mktemp -d":match "^(%S+)\n")
  -- It is valid also when the clock jumps back.
  process.run(("$(command -v faketime >/dev/null && echo faketime -f -1d) openssl req -x509 -newkey ec -pkeyopt "
    .. "ec_paramgen_curve:prime256v1 -nodes -days 3 -subj /CN=localhost -addext "
    .. "subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout %s -out %s 2>/dev/null"):format(authority.key,
    authority.cert))
  return authority
end

if arg[1] == "--column" then
  return print_column(named("--kinds", kinds)[1], named("--hosts", hosts)[1], authority_in(words "--folder"))
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
for _, why in ipairs(skipped) do print("left out: " .. why) end
os.exit(wrong == 0 and rows > 0 and 0 or 1)
