--- nginx with its Lua module, for specs: a prefix and free ports of its own, run by
--- whoever runs the specs, stopped by its process id.

local process = require "spec.support.process"

local nginx = {}

local quote = process.quote

local MODULES = { "ndk_http_module.so", "ngx_http_lua_module.so" }

--- Where nginx is, also for users whose PATH lacks it.
local function find_binary()
  local path = process.run "PATH=$PATH:/usr/sbin:/sbin:/usr/local/openresty/nginx/sbin command -v nginx"
  return path:match "^(%S+)\n"
end

local function load_modules()
  local lines = {}
  for _, name in ipairs(MODULES) do
    local path = "/usr/lib/nginx/modules/" .. name
    local file = io.open(path)
    if file then
      file:close()
      lines[#lines + 1] = ("load_module %s;"):format(path)
    end
  end
  return table.concat(lines, "\n")
end

--- A port that nobody listens on now.
local function free_port()
  local socket = require("cqueues.socket").listen { host = "127.0.0.1", port = 0 }
  assert(socket:listen())
  local _, _, port = socket:localname()
  socket:close()
  return port
end

-- Logs go to the prefix; a worker runs as the user that starts it, also as root.
local HEAD = [[
%s
worker_processes %d;
daemon off;
pid nginx.pid;
error_log error.log notice;
%s
%s
events { worker_connections 2048; }
http {
  access_log off;
  client_body_temp_path temp/body;
  proxy_temp_path temp/proxy;
  fastcgi_temp_path temp/fastcgi;
  uwsgi_temp_path temp/uwsgi;
  scgi_temp_path temp/scgi;
  lua_package_path "%s";
  lua_package_cpath "%s";
]]

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

--- The core that suits nginx, whose Lua is LuaJIT: what BUILD names, or the usual one.
local function paths()
  local root = process.run("cd " .. quote(process.root) .. " && pwd"):match "^(.-)\n"
  local build = os.getenv "BUILD" or "build"
  if build:sub(1, 1) ~= "/" then build = root .. "/" .. build end
  return root .. "/lua/?.lua;;", build .. "/luajit/?.so;;"
end

local START = [[
cd %s
%s %s -p %s/ -c nginx.conf -e error.log >stdout.log 2>&1 &
pid=$!
tries=0
until curl --silent --noproxy '*' --max-time 2 --output /dev/null http://127.0.0.1:%d/_ready; do
  tries=$((tries + 1))
  if [ $tries -gt 100 ] || ! kill -0 $pid 2>/dev/null; then cat stdout.log error.log >&2; kill $pid; exit 1; fi
  sleep 0.05
done
echo $pid
]]

local STOP = [[
kill -QUIT %d 2>/dev/null || exit 0
tries=0
while kill -0 %d 2>/dev/null && [ $tries -lt 100 ]; do sleep 0.02; tries=$((tries + 1)); done
kill -TERM %d 2>/dev/null
tries=0
while kill -0 %d 2>/dev/null && [ $tries -lt 100 ]; do sleep 0.02; tries=$((tries + 1)); done
kill -9 %d 2>/dev/null
true
]]

local Server = {}
Server.__index = Server

--- What nginx has logged so far.
---@return string
function Server:log()
  local file = assert(io.open(self.prefix .. "/error.log", "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

--- A request by the curl command: the body, and the status.
---@param path string
---@param options? string  more words for curl
---@return string body
---@return integer status
function Server:get(path, options)
  local output, code = process.run(("curl --silent --noproxy '*' --max-time 60 -w '\\n%%{http_code}' %s %s"):format(
    options or "", quote(self.url .. path)))
  local body, status = output:match "^(.*)\n(%d+)$"
  return body, tonumber(status), code
end

function Server:stop()
  if not self.pid then return end
  process.run((STOP:gsub("%%d", self.pid)))
  self.pid = nil
  process.run("rm -rf " .. quote(self.prefix))
end

--- Starts nginx.
---@param options table  `http` (text inside the http block), `server` (inside the server block), `main` (outside
---  of both), `workers`, `env` (words in front of the command, such as "A=b"), `path` and `cpath` (in front of ours)
---@return table server  `url`, `port`, `prefix`, `get()`, `log()`, `stop()`
function nginx.start(options)
  local binary = assert(find_binary(), "nginx is not installed (make deps-test)")
  local prefix = process.run "mktemp -d":match "^(%S+)\n"
  process.run("mkdir " .. quote(prefix .. "/temp"))
  local port = free_port()
  local path, cpath = paths()
  -- Only root may say who the workers are; they would be nobody, who cannot read the prefix.
  local user = process.run("id -u"):match "^0\n" and "user root;" or ""
  local head = HEAD:format(load_modules(), options.workers or 1, user, options.main or "",
    (options.path or "") .. path, cpath)
  local text = ("%s\n%s\nserver {\n  listen 127.0.0.1:%d;\n  location = /_ready { return 204; }\n%s\n}\n}\n"):format(
    head, options.http or "", port, options.server or "")
  write(prefix .. "/nginx.conf", options.config and options.config(text, port) or text)
  local output, code = process.run(START:format(quote(prefix),
    "exec env -u LUA_PATH -u LUA_CPATH " .. (options.env or ""), quote(binary), quote(prefix), port))
  assert(code == 0, "nginx did not start")
  return setmetatable({ url = "http://127.0.0.1:" .. port, port = port, prefix = prefix,
    pid = output:match "(%d+)\n$" }, Server)
end

--- Why a spec of lua-resty-http is left out.
nginx.NO_RESTY = "lua-resty-http is not installed (AOM_SPEC_RESTY may name the folder that holds resty/http.lua)"

--- Where lua-resty-http and what it needs are, as a search path for nginx; nil where they
--- are not. OpenResty has a folder of its own for both.
---@return string|nil
function nginx.resty_path()
  local folder = os.getenv "AOM_SPEC_RESTY"
  local places = (folder and folder .. "/?.lua;" or "") .. package.path
    .. ";/usr/local/openresty/lualib/?.lua;/usr/local/openresty/site/lualib/?.lua"
  local function find(name)
    local path = package.searchpath and package.searchpath(name, places)
    return path and path:match "^(.*)/resty/[^/]*$"
  end
  local http, text = find "resty.http", find "resty.string"
  return http and text and ("%s/?.lua;%s/?.lua;"):format(http, text) or nil
end

nginx.free_port = free_port

return nginx
