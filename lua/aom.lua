--- Huawei Cloud AOM workflows from Lua: one call switches a workflow's schedule on or
--- off, and returns a table or raises a structured error.
---
---     local aom = require "aom"
---     local result = aom.trigger("workflow-id", "enable")
---     print(result.request_id)

local is_found, why = pcall(require, "aom.core")
if not is_found then require "aom.util.native".fail(why) end

local facade = require "aom.client.facade"
local host = require "aom.util.host"
local report = require "aom.util.lazy" "aom.util.report"

local getinfo = host.debug.getinfo

local here = getinfo(1, "S").source
local ours = here:gsub("%.lua$", "/")

--- Where the caller's own code stands, outside of this library.
local function position()
  local level, info = 3, getinfo(3, "Sl")
  while info do
    local is_ours = info.source == here or info.source:sub(1, #ours) == ours
    if info.currentline > 0 and not is_ours then return info.short_src .. ":" .. info.currentline end
    level = level + 1
    info = getinfo(level, "Sl")
  end
end

---@type aom
local aom = facade.build(function(value, err)
  if value ~= nil then return value end
  if err.kind == "argument" then err.where = position() end
  local ngx = host.ngx()
  if ngx then report.record(ngx, err) end
  -- The error is a table, which Lua puts no position in front of.
  error(err, 0)
end)

return aom
