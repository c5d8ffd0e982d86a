--- Modules that are loaded when something of them is first used: a script that makes one call
--- need not wait for all the others. A module may be wanted when the process has no descriptor
--- left to read it with, most of all one that runs after a failure: the core keeps one back for
--- that from the first request on. In nginx nothing is put off: its workers are to share what is
--- loaded before they are forked, and to read no files while they serve requests.

local core = require "aom.core"
local each = require "aom.util.each"
local errors = require "aom.util.errors"
local host = require "aom.util.host"

-- Lua 5.1 keeps a mark for each module whose loading failed, and would refuse it from then on:
-- a pointer, and in LuaJIT a number.
local marks = { userdata = true, number = true }

local function forget_marks()
  for name, value in each.raw(package.loaded) do
    if marks[type(value)] and type(name) == "string" and name:find "^aom%." then package.loaded[name] = nil end
  end
end

--- Whether not even an empty file can be read, since memory is short.
local function lacks_memory()
  local ok, why = pcall(core.read_file, "/dev/null")
  return not ok and errors.is_memory(why)
end

--- What to raise where a module cannot be loaded: what `errors.shortage` knows, where something
--- is short. A loader puts the module's name in front, and does not say why it opened no file.
local function failure(why)
  if tostring(why):find("not enough memory", 1, true) or lacks_memory() then return "not enough memory" end
  return core.lacks_descriptors() and errors.NO_DESCRIPTORS or why
end

local function load(name)
  local loaded, module = pcall(require, name)
  if loaded then return module end
  forget_marks()
  if core.spend_descriptor() then
    loaded, module = pcall(require, name)
    core.keep_descriptor()
    if loaded then return module end
    forget_marks()
  end
  error(failure(module), 0)
end

--- What stands for a module that is a table of functions, and is only indexed.
---@param name string
---@return table
return function(name)
  if host.ngx() then return require(name) end
  local meta = {}
  function meta.__index(_, key)
    local module = load(name)
    meta.__index = module
    return module[key]
  end
  return setmetatable({}, meta)
end
