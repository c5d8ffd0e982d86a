--- Lets each allocation of many calls fail, and prints what came of it as a table. A crash in
--- this library's code, a leak, a hang, a raw error, or a client that does not serve the next
--- call, makes the command fail.
---
---     luajit spec/torture/run.lua [--luas "lua5.4 luajit"] [--cases "sign bulk"] [--growth 0.25]
---
--- With `--growth` the numbers of the allocations grow by such a part, so that few are tried.

local process = require "spec.support.process"

local quote = process.quote

local CASES = { "sign", "trigger", "trigger, raising", "error", "request", "bulk", "list", "iterator", "window",
  "client", "tls", "callback", "bulk callback", "cancel", "close" }

-- Who runs short of memory, and for how many allocations. Since 5.2 Lua collects its garbage
-- when one fails, and tries again.
local MODES = {
  { party = "core", length = 1 }, { party = "core", length = 1e9 },
  { party = "lua", length = 2, old_length = 1 }, { party = "lua", length = 1e9 },
  { party = "process", length = 1 }, { party = "process", length = 1e9 },
}

local function option(name, default)
  for i, word in ipairs(arg) do
    if word == name then return arg[i + 1] end
  end
  return default
end

local root = process.run("cd " .. quote(process.root) .. " && pwd"):match "^(.-)\n"
local folder = process.run "mktemp -d":match "^(%S+)\n"

local function build(lua)
  local output, failed = process.run(("mkdir %s/%s && cc -std=c11 -D_GNU_SOURCE -O1 -g -shared -fPIC "
    .. "-fno-optimize-sibling-calls $(pkg-config --cflags %s) -o %s/%s/short.so %s 2>&1"):format(folder, lua, lua,
    folder, lua, quote(process.root .. "/spec/torture/short.c")))
  assert(failed == 0, output)
  return ("%s/%s/short.so"):format(folder, lua)
end

local function name_of(library) return library:match "^[^.+]+" end

-- Libraries that end the process where they have no memory, by a call of exit: it is theirs, where
-- none but they and libuv stand between that and Lua. A signal is never excused. Each was seen in a
-- backtrace, and the call in their code, in the versions of Debian 12.
local ending = {
  -- luv 1.44.2, luv_cfpcall: prints "System Error: not enough memory" and calls exit(-1) where there is no
  -- memory at all to call back. A single failure in what it calls is ours: see lua/aom/loop/uv_guard.lua.
  luv = "all",
  -- lua-cjson 2.1.0, strbuf_new below json_decode and json_encode: die("Out of memory") calls exit(-1).
  cjson = "any",
}
local between = { luv = true, libuv = true, cjson = true }

--- The library that has ended the process, and the frame that has; nil: nobody's excuse holds.
local function excuse(crash, mode)
  local by, at
  for frame in crash:gmatch "[^\n]+" do
    local library = frame:match "([^/%s(]+)%("
    local name = library and library ~= "short.so" and name_of(library)
    if name and name:find "^l?i?b?lua" then break end
    if name and not between[name] then return nil end
    if name and not by then by, at = name, frame:gsub("%[0x%x+%]", "") end
  end
  local when = crash:find "^CRASH 00" and ending[by]
  if when == "any" or when == "all" and mode.length > 2 then return by, at end
end

-- Crashes after which a case is given up.
local MOST = 20

--- Runs the worker until it is done, anew behind each allocation that ends it.
---@return table tally  by outcome; `crashes` and `complaints` are lists
local function torture(lua, case, mode, servers)
  local tally, from = { tried = 0, crashes = {}, complaints = {}, unexcused = 0 }, 0
  local preload = ("%s/%s/short.so"):format(folder, lua)
  local cpath = ("%s/%s/?.so;%s/%s/%s/?.so;;"):format(folder, lua, root, os.getenv "BUILD" or "build", lua)
  local path = ("%s/lua/?.lua;%s/lua/?/init.lua;;"):format(root, root)
  local length = (lua == "lua5.1" or lua == "luajit") and mode.old_length or mode.length
  repeat
    local output = process.run(("env LUA_PATH=%s LUA_CPATH=%s LD_PRELOAD=%s %s %s %s %s %d %d %s %s %s %s 2>&1"):format(
      quote(path), quote(cpath), preload, lua, quote(root .. "/spec/torture/cases.lua"), quote(case), mode.party,
      length, from, tostring(option("--growth", 0)), servers.plain.url, servers.tls.url, servers.tls.ca_file))
    for number, outcome, rest in ("\n" .. output):gmatch "\n(%d+) .-=> ([%lRAW]+)([^\n]*)" do
      tally.tried, tally[outcome] = tally.tried + 1, (tally[outcome] or 0) + 1
      if rest ~= "" then tally.complaints[#tally.complaints + 1] = number .. " " .. outcome .. rest end
    end
    local done = output:find "\ndone\n$"
    if not done then
      from = tonumber(("\n" .. output):match ".*\n(%d+) " or from) + 1
      tally.tried = tally.tried + 1
      local crash = output:match "CRASH.*" or "CRASH: " .. output:sub(-2000)
      tally.crashes[#tally.crashes + 1] = crash
      if not excuse(crash, mode) then tally.unexcused = tally.unexcused + 1 end
    end
  until done or tally.unexcused > MOST
  return tally
end

-- Libraries whose blocks become more.
local losing = {
  -- lua-cjson 2.1.0, strbuf_new in json_decode: it is lost where Lua raises an error in lua_createtable or
  -- lua_rawseti below it.
  cjson = true,
  -- nghttp2 1.52.0, the table of HPACK: a connection remembers headers that change, such as the date, two blocks a
  -- second and up to 4 KiB, whether anything fails or not.
  libnghttp2 = true,
}

local OUTCOMES = { "ok", "memory", "raised", "network", "timeout", "tls", "protocol", "config", "credentials",
  "service", "argument", "cancelled" }

local function cells_of(tally)
  local cells = {}
  for _, outcome in ipairs(OUTCOMES) do
    if tally[outcome] then cells[#cells + 1] = outcome .. " " .. tally[outcome] end
  end
  return table.concat(cells, ", ")
end

--- Whether a line complains of nothing but blocks that are lost in other libraries.
local function is_their_leak(complaint)
  local places = complaint:match "\tLEAK ([^\t]+)$"
  for place in (places or "core.so"):gmatch "%S+" do
    if not losing[name_of(place)] then return false end
  end
  return true
end

--- What is ours of a tally, what is other libraries', and a note on each kind.
local function judge(tally, mode)
  local ours, theirs, notes = 0, {}, {}
  local function blame(library, what)
    local key = name_of(library) .. what
    theirs[key] = (theirs[key] or 0) + 1
  end
  for _, crash in ipairs(tally.crashes) do
    local library, frame = excuse(crash, mode)
    if library then
      blame(library, " ended the process")
      notes[frame] = frame
    else
      ours, notes[crash] = ours + 1, crash
    end
  end
  for _, complaint in ipairs(tally.complaints) do
    if is_their_leak(complaint) then
      blame(complaint:match "LEAK (%S+)", " lost memory")
    else
      ours, notes[complaint] = ours + 1, complaint
    end
  end
  return ours, theirs, notes
end

--- Prints a row; returns how much is wrong with it.
local function report(lua, case, mode, tally)
  local ours, theirs, notes = judge(tally, mode)
  local cells = { cells_of(tally) }
  for what, count in pairs(theirs) do cells[#cells + 1] = what .. " " .. count end
  if ours > 0 then cells[#cells + 1] = "WRONG " .. ours end
  print(("%-7s %-7s %-3s %-16s %5d tried: %s"):format(lua, mode.party, mode.length < 10 and "one" or "all", case,
    tally.tried, table.concat(cells, ", ")))
  for _, note in pairs(notes) do print("    " .. note:gsub("\n", "\n    ")) end
  io.stdout:flush()
  return ours
end

local function words(text)
  local list = {}
  for word in text:gmatch "[^,]+" do list[#list + 1] = word end
  return list
end

local settings = { ak = "TORTUREKEY", sk = "torture-secret", project = ("0123456789abcdef"):rep(2),
  workflows = { "wf-1", "wf-2", "wf-3", "wf-4", "wf-5" } }
local function simulator(tls)
  local copy = { tls = tls, lifetime = 36000 }
  for name, value in pairs(settings) do copy[name] = value end
  return process.simulator(copy)
end

local servers = { plain = simulator(), tls = simulator(true) }
local chosen, party, wrong, tried = option("--cases"), option("--party"), 0, 0
for lua in option("--luas", "lua5.4 luajit"):gmatch "%S+" do
  build(lua)
  for _, mode in ipairs(MODES) do
    for _, case in ipairs(chosen and words(chosen) or CASES) do
      if not party or party == mode.party then
        local tally = torture(lua, case, mode, servers)
        tried, wrong = tried + tally.tried, wrong + report(lua, case, mode, tally)
      end
    end
  end
end
for _, server in pairs(servers) do server.stop() end
process.run("rm -rf " .. folder)
print(("torture: %d allocations tried, %d wrong"):format(tried, wrong))
os.exit(wrong == 0 and tried > 0 and 0 or 1)
