--- What stands around the requests that go over lua-resty-http: where they go, and all of their text but
--- what the core writes. Both are found out once for what is sent again and again.

local each = require "aom.util.each"
local nginx_proxy = require "aom.loop.nginx_proxy"
local trouble = require "aom.loop.transfer".trouble

local nginx_frame = {}

--- How many routes are remembered.
local ROUTES = 100

--- Where attempts go.
---@class aom.Route
---@field to table         { scheme, host, port }
---@field via? aom.Proxy
---@field problem? string  why they cannot
---@field pool string      of their connections

--- What the requests of an operation at an endpoint have in common: all but the head.
---@class aom.Frame
---@field attempt aom.Attempt  one of them
---@field route aom.Route
---@field before string  what stands before the head: the method and, for an HTTP proxy, the base
---@field behind string  and behind it: the lines of ours, the empty line and the body

---@class aom.Frames
---@field settings table  a client's resolved configuration
---@field routes table<boolean, table<string, aom.Route>>  by base; under `true` those without a proxy
---@field known integer   how many
---@field own table<table, string>  lines by the headers of an attempt; weak
local Frames = {}
Frames.__index = Frames

---@param host string
---@return boolean
function nginx_frame.is_address(host) return host:find "^%[" ~= nil or host:find "^%d+%.%d+%.%d+%.%d+$" ~= nil end

--- Whether nginx can check a certificate for this host: it compares names alone.
---@param scheme string
---@param host string
---@return boolean
function nginx_frame.can_verify(scheme, host) return scheme ~= "https" or not nginx_frame.is_address(host) end

local function split(base)
  local scheme, host, port = base:match("^(%a+)://(%[[^%]]*%]):?(%d*)$")
  if not scheme then scheme, host, port = base:match("^(%a+)://([^:/]*):?(%d*)$") end
  return { scheme = scheme, host = host, port = tonumber(port) or (scheme == "https" and 443 or 80) }
end

--- Connections of ours are shared with no other code of the worker, which may leave some
--- of an answer unread, and only between calls that trust and route alike.
local function pool_name(to, via, insecure)
  local route = via and via.url .. " " .. (via.user or "") or ""
  return "aom:" .. ngx.md5(table.concat({ to.scheme, to.host, to.port, tostring(insecure), route }, "|"))
end

--- The value of Proxy-Authorization.
---@param via aom.Proxy  with a user
---@return string
function nginx_frame.basic(via) return "Basic " .. ngx.encode_base64(via.user) end

--- Where the attempts to a base go, which is found out once.
---@param attempt aom.Attempt
---@return aom.Route
function Frames:route(attempt)
  local settings, base, direct = self.settings, attempt.base, attempt.no_proxy or false
  local route = self.routes[direct][base]
  if route then return route end
  local to, via, problem = split(base), nil, nil
  if not settings.insecure and not nginx_frame.can_verify(to.scheme, to.host) then
    problem = "nginx cannot verify a certificate for an IP address: use a host name"
  elseif not direct then
    via, problem = nginx_proxy.choose(settings.proxy, settings.source.system.getenv, to.scheme, to.host)
  end
  route = { to = to, via = via, problem = problem, pool = pool_name(to, via, settings.insecure) }
  if self.known == ROUTES then self.routes, self.known = { [true] = {}, [false] = {} }, 0 end
  self.routes[direct][base], self.known = route, self.known + 1
  return route
end

--- The lines that we add to an attempt's headers, which are the same for all of an operation.
local function own_lines(self, headers)
  local lines = self.own[headers]
  if lines then return lines end
  local given = {}
  lines = ""
  for name in each.pair(headers) do given[name:lower()] = true end
  if not given["user-agent"] then lines = lines .. "User-Agent: " .. self.settings.user_agent .. "\r\n" end
  if not given["accept-encoding"] then lines = lines .. "Accept-Encoding: identity\r\n" end
  self.own[headers] = lines
  return lines
end

local has_body = { POST = true, PUT = true, PATCH = true }

--- What stands before and behind the head that the core writes.
---@param attempt aom.Attempt
---@return aom.Frame|nil
---@return aom.Trouble|nil
function Frames:of(attempt)
  local route = self:route(attempt)
  if route.problem then return trouble("config", route.problem, false) end
  local method, body, via = attempt.method, attempt.body, route.via
  local before, behind = method .. " ", own_lines(self, attempt.headers)
  if body ~= "" or has_body[method] then behind = behind .. "Content-Length: " .. #body .. "\r\n" end
  if via and route.to.scheme == "http" then
    before = before .. attempt.base
    if via.user then behind = behind .. "Proxy-Authorization: " .. nginx_frame.basic(via) .. "\r\n" end
  end
  return { attempt = attempt, route = route, before = before, behind = behind .. "\r\n" .. body }
end

---@param settings table
---@return aom.Frames
function nginx_frame.new(settings)
  return setmetatable({ settings = settings, known = 0, routes = { [true] = {}, [false] = {} },
    own = setmetatable({}, { __mode = "k" }) }, Frames)
end

return nginx_frame
