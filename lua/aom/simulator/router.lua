--- Finds the handler for a method and a path. Routes are data:
-- `{ method = "PUT", path = "/v1/{project_id}/…", handler = function }`, so that
-- another operation or service is only another row.

local uri = require "aom.simulator.uri"

local router = {}
router.__index = router

local function compile(route)
  local pattern = {}
  for i, piece in ipairs(uri.segments(route.path)) do
    pattern[i] = { parameter = piece:match("^{(.+)}$"), literal = piece }
  end
  return { pattern = pattern, handler = route.handler, public = route.public }
end

-- Routes are stored by method and number of segments, so that a look-up compares only a
-- few.
local function shape(method, count)
  return method .. " " .. count
end

---@class aom.simulator.Route
---@field method string
---@field path string template; a piece in braces is a parameter
---@field handler fun(context: table, request: aom.simulator.Request): aom.simulator.Response
---@field public boolean|nil true: no credentials needed, as for fetching a token

---@param routes aom.simulator.Route[]
function router.new(routes)
  local self = setmetatable({ shapes = {} }, router)
  for _, route in ipairs(routes) do
    self:add(route)
  end
  return self
end

---@param route aom.simulator.Route
function router:add(route)
  local compiled = compile(route)
  local key = shape(route.method, #compiled.pattern)
  self.shapes[key] = self.shapes[key] or {}
  table.insert(self.shapes[key], compiled)
end

local function match(pattern, segments)
  local parameters = {}
  for i, piece in ipairs(pattern) do
    if piece.parameter and segments[i] ~= "" then
      parameters[piece.parameter] = segments[i]
    elseif piece.parameter or piece.literal ~= segments[i] then
      return nil
    end
  end
  return parameters
end

---@param method string
---@param segments string[] decoded
---@return table|nil route with `handler` and `public`
---@return table|nil parameters by name, decoded
function router:find(method, segments)
  for _, route in ipairs(self.shapes[shape(method, #segments)] or {}) do
    local parameters = match(route.pattern, segments)
    if parameters then
      return route, parameters
    end
  end
  return nil
end

return router
