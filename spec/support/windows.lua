--- Maintenance windows of other processes, for specs.

local process = require "spec.support.process"

local lua, quote = process.interpreter, process.quote

local windows = {}

--- What runs spec/support/killed_window.lua; its arguments are said there.
---@param what "pause"|"resume"
---@param url string
---@param file string
---@param point integer
---@param limit? string   a command in front
---@param words? string   more arguments
---@return string
function windows.command(what, url, file, point, limit, words)
  return ("env LUA_PATH=%s LUA_CPATH=%s %s %s %s %s %s %s %d %s"):format(quote(package.path), quote(package.cpath),
    limit or "", lua, quote(process.root .. "/spec/support/killed_window.lua"), what, quote(url), quote(file), point,
    words or "")
end

--- Removes a window's file and the files beside it.
---@param file string
function windows.remove(file)
  for _, suffix in ipairs { "", ".new", ".lock" } do os.remove(file .. suffix) end
end

return windows
