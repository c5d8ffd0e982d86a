--- Prints what spec/coverage/run.sh has collected: a line a file, and the lines that no spec runs.
---
---     lua spec/coverage/report.lua FOLDER

local out = arg[1]
local WANTED = 95

--- Files that Lua 5.4 never runs: other hosts do, whose specs look at them from outside.
local elsewhere = {
  ["lua/aom/loop/nginx.lua"] = "nginx", ["lua/aom/loop/nginx_curl.lua"] = "nginx",
  ["lua/aom/loop/nginx_resty.lua"] = "nginx", ["lua/aom/credentials/shared_dict.lua"] = "nginx",
  ["lua/aom/health.lua"] = "Neovim", ["lua/aom/types/"] = "nobody: types", ["lua/aom/simulator/"] = "the simulator",
}

local function reason(path)
  for place, why in pairs(elsewhere) do
    if path:sub(1, #place) == place then return why end
  end
end

local function lines_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  pipe:close()
  return text:gmatch "[^\n]+"
end

--- The lines of a Lua file that have code, by its compiler; the end of a function counts only
--- where something else stands on its line.
local function lua_lines(path)
  local found = {}
  local last
  for line in lines_of(("luac5.4 -l -p %s"):format(path)) do
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
    ran[path] = ran[path] or {}
    ran[path][tonumber(number)] = true
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

local function report(language, path, lines, is_run)
  local missed, all = {}, 0
  for number in pairs(lines) do
    all = all + 1
    if not is_run(number) then missed[#missed + 1] = number end
  end
  table.sort(missed)
  local why = reason(path)
  if not why then
    totals[language][1], totals[language][2] = totals[language][1] + all - #missed, totals[language][2] + all
  end
  print(("%5.1f %% of %4d  %s%s%s"):format(all == 0 and 100 or 100 * (all - #missed) / all, all, path,
    why and "  (run by " .. why .. ")" or "", #missed > 0 and not why and "  not run: " .. ranges(missed) or ""))
end

for path in lines_of "ls csrc/*.c" do
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
  report("C", path, lines, function(number) return run[number] end)
end
local ran = ran_lines()
for path in lines_of "find lua -name '*.lua' | sort" do
  local seen = ran[path] or {}
  report("Lua", path, lua_lines(path), function(number) return seen[number] end)
end

local right = true
for language, total in pairs(totals) do
  local percent = 100 * total[1] / math.max(total[2], 1)
  right = right and percent >= WANTED
  print(("%s: %.1f %% of %d lines (at least %d %% are wanted)"):format(language, percent, total[2], WANTED))
end
os.exit(right)
