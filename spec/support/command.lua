--- Runs the command `aom` as a user does, against the simulator.

local cli = require "aom.cli"
local core = require "aom.core"
local process = require "spec.support.process"

local command = {}

local quote = process.quote

command.project = ("0123456789abcdef"):rep(2)

--- The workflows of these specs, in their order. Names are no ids, and one is Chinese.
local workflows = {
  { "id-1", { name = "nightly-a", trigger_status = "enable" } },
  { "id-2", { name = "nightly-b", trigger_status = "disable" } },
  { "id-3", { name = "每日清理磁盘与日志归档任务", trigger_status = "enable" } },
  { "id-4", { name = "by hand", type = "manual", trigger_status = "disable" } },
}

local function settings()
  local map = {}
  for _, each in ipairs(workflows) do map[each[1]] = each[2] end
  return { workflows = map }
end

--- A simulator with these workflows and no others.
---@return table simulator
function command.simulator()
  local simulator = process.simulator { ak = "A", sk = "S", project = command.project, workflows = { "w" } }
  simulator.set { workflows = { w = false } }
  for _, each in ipairs(workflows) do simulator.set { workflows = { [each[1]] = each[2] } } end
  return simulator
end

--- Brings the workflows back to their first states; their order stays.
---@param simulator table
function command.arrange(simulator) simulator.set(settings()) end

local function variables(url)
  return { HOME = "/nonexistent", HUAWEICLOUD_SDK_AK = "A", HUAWEICLOUD_SDK_SK = "S", no_proxy = "*",
    HUAWEICLOUD_SDK_PROJECT_ID = command.project, HUAWEICLOUD_SDK_AOM_ENDPOINT = url }
end

--- The variables that `aom` gets, as words of the shell.
---@param url string
---@return string
function command.environment(url)
  local words = { "LUA_PATH=" .. quote(package.path), "LUA_CPATH=" .. quote(package.cpath) }
  for name, value in pairs(variables(url)) do words[#words + 1] = name .. "=" .. quote(value) end
  return table.concat(words, " ")
end

--- The words that start it.
---@param words string  for the shell
---@return string
function command.line(words)
  return ("%s %s %s"):format(process.interpreter, quote(process.root .. "/bin/aom"), words)
end

local function contents(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  os.remove(path)
  return text
end

--- Runs it in a pipe.
---@param url string
---@param words string       for the shell
---@param more? string       variables
---@return string output
---@return integer code
---@return string errors
function command.run(url, words, more)
  local path = os.tmpname()
  local output, code = process.run(("%s %s %s 2>%s"):format(command.environment(url), more or "",
    command.line(words), quote(path)))
  return output, code, contents(path)
end

local function split(words)
  local list, at = {}, 1
  while words:find("%S", at) do
    local quoted, after = words:match("^%s*'([^']*)'()", at)
    if not quoted then quoted, after = words:match("^%s*(%S+)()", at) end
    list[#list + 1], at = quoted, after
  end
  return list
end

--- Runs it in this process, which costs a twentieth: for what is about words and answers, and not about processes.
---@param url string
---@param words string      without what only the shell knows
---@param place? string     where its output goes, such as /dev/full
---@return string output
---@return integer code
---@return string errors
function command.call(url, words, place)
  local output, errors, environment = place or os.tmpname(), os.tmpname(), variables(url)
  local out, err, usual = assert(io.open(output, "w")), assert(io.open(errors, "w")), {}
  -- What the command's process has to itself.
  local own = { { io, "stdout", out }, { io, "stderr", err }, { core, "guard_output", function() end },
    { os, "getenv", function(name) return environment[name] end } }
  for i, each in ipairs(own) do usual[i], each[1][each[2]] = each[1][each[2]], each[3] end
  local ran, code = pcall(cli.main, split(words))
  for i, each in ipairs(own) do each[1][each[2]] = usual[i] end
  out:close()
  err:close()
  assert(ran, code)
  return place and "" or contents(output), code, contents(errors)
end

return command
