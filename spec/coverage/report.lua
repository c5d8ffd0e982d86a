--- Prints what spec/coverage/run.sh has collected: a line a file, and each function with lines
--- that no spec runs, with the reason that spec/coverage/reasons.lua gives. A function without a
--- reason fails; a reason that is not needed is told, since chance runs some lines.
---
---     lua spec/coverage/report.lua FOLDER

local functions = require "spec.coverage.functions"
local reasons = require "spec.coverage.reasons"

local out = arg[1]
local WANTED = 95

local function elsewhere(path)
  for place, why in pairs(reasons.elsewhere) do
    if path:sub(1, #place) == place then return why end
  end
end

local function output_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  pipe:close()
  return text
end

local function lines_in(path)
  local list = {}
  for line in io.lines(path) do list[#list + 1] = line end
  return list
end

--- The lines of a Lua file that have code, by its compiler; the end of a function counts only
--- where something else stands on its line.
local function lua_lines(listing)
  local found = {}
  local last
  for line in listing:gmatch "[^\n]+" do
    last = tonumber(line:match "<[^>]*:%d+,(%d+)>") or last
    local number, name = line:match "^\t%d+\t%[(%d+)%]\t(%u+%d*)"
    number = tonumber(number)
    local is_end = number == last and name and name:find "^RETURN"
    if number and name ~= "VARARGPREP" and not is_end then found[number] = true end
  end
  return found
end

local function ran_lines()
  local ran = {}
  for line in io.lines(out .. "/lines") do
    local path, number = line:match "^(.*):(%d+)$"
    -- A process that is killed may write half a line.
    if path then
      ran[path] = ran[path] or {}
      ran[path][tonumber(number)] = true
    end
  end
  return ran
end

--- "3-5 9"
local function ranges(list)
  local parts, i = {}, 1
  while i <= #list do
    local first = i
    while list[i + 1] == list[i] + 1 do i = i + 1 end
    parts[#parts + 1] = first == i and tostring(list[i]) or list[first] .. "-" .. list[i]
    i = i + 1
  end
  return table.concat(parts, " ")
end

local totals = { C = { 0, 0 }, Lua = { 0, 0 } }
local right, used = true, {}

--- Prints what is not run, function by function.
local function explain(path, missed, names)
  local order, lists = {}, {}
  for _, number in ipairs(missed) do
    local name = names[number] or "the file"
    if not lists[name] then order[#order + 1], lists[name] = name, {} end
    table.insert(lists[name], number)
  end
  for _, name in ipairs(order) do
    local why = reasons.functions[path] and reasons.functions[path][name]
    used[path .. " " .. name] = true
    right = right and why ~= nil
    print(("      not run: %s %s: %s"):format(name, ranges(lists[name]), why or "NO REASON"))
  end
end

local function report(language, path, lines, is_run, names)
  local missed, all = {}, 0
  for number in pairs(lines) do
    all = all + 1
    if not is_run(number) then missed[#missed + 1] = number end
  end
  table.sort(missed)
  local where = elsewhere(path)
  print(("%5.1f %% of %4d  %s%s"):format(all == 0 and 100 or 100 * (all - #missed) / all, all, path,
    where and "  (run by " .. where .. ")" or ""))
  if where then return end
  totals[language][1], totals[language][2] = totals[language][1] + all - #missed, totals[language][2] + all
  explain(path, missed, names)
end

local function report_c(path)
  local lines, run = {}, {}
  local file = io.open(("%s/lua5.4/obj/%s.gcov"):format(out, path:match "[^/]+$"))
  for line in file and file:lines() or function() end do
    local count, number = line:match "^%s*([%d#=%-]+)%*?:%s*(%d+):"
    if count and count ~= "-" then
      lines[tonumber(number)] = true
      run[tonumber(number)] = count:find "^%d" ~= nil or nil
    end
  end
  if file then file:close() end
  report("C", path, lines, function(number) return run[number] end, functions.of_c(lines_in(path)))
end

local function report_lua(path, ran)
  local seen, listing = ran[path] or {}, output_of(("luac5.4 -l -p %s"):format(path))
  report("Lua", path, lua_lines(listing), function(number) return seen[number] end,
    functions.of_lua(lines_in(path), listing))
end

for path in output_of "ls csrc/*.c":gmatch "[^\n]+" do report_c(path) end
local ran = ran_lines()
for path in output_of "find lua -name '*.lua' | sort":gmatch "[^\n]+" do report_lua(path, ran) end

for path, list in pairs(reasons.functions) do
  for name in pairs(list) do
    if not used[path .. " " .. name] then
      print(("spec/coverage/reasons.lua: all of %s in %s is run"):format(name, path))
    end
  end
end
for language, total in pairs(totals) do
  local percent = 100 * total[1] / math.max(total[2], 1)
  right = right and percent >= WANTED
  print(("%s: %.1f %% of %d lines (at least %d %% are wanted)"):format(language, percent, total[2], WANTED))
end
os.exit(right)
