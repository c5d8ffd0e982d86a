--- Runs the command `aom` as a user does, against the simulator.

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

--- The variables that `aom` gets, as words of the shell.
---@param url string
---@return string
function command.environment(url)
  return ("HOME=/nonexistent LUA_PATH=%s LUA_CPATH=%s HUAWEICLOUD_SDK_AK=A HUAWEICLOUD_SDK_SK=S "
    .. "HUAWEICLOUD_SDK_PROJECT_ID=%s HUAWEICLOUD_SDK_AOM_ENDPOINT=%s no_proxy='*'"):format(
    quote(package.path), quote(package.cpath), command.project, quote(url))
end

--- The words that start it.
---@param words string  for the shell
---@return string
function command.line(words)
  return ("%s %s %s"):format(process.interpreter, quote(process.root .. "/bin/aom"), words)
end

--- Runs it in a pipe.
---@param url string
---@param words string       for the shell
---@param variables? string  more of them
---@return string output
---@return integer code
---@return string errors
function command.run(url, words, variables)
  local path = os.tmpname()
  local output, code = process.run(("env %s %s timeout 60 %s 2>%s"):format(command.environment(url), variables or "",
    command.line(words), quote(path)))
  local file = assert(io.open(path))
  local errors = file:read "*a"
  file:close()
  os.remove(path)
  return output, code, errors
end

return command
