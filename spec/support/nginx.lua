--- nginx with its Lua module, for specs: a prefix and free ports of its own, run by
--- whoever runs the specs, stopped by its process id.

local lfs = require "lfs"
local process = require "spec.support.process"

local nginx = {}

local quote = process.quote

local MODULES = { "ndk_http_module.so", "ngx_http_lua_module.so" }

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
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  lua_package_path "%s";
  lua_package_cpath "%s";
]]

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

-- Also for users whose PATH lacks nginx.
local LOOK = [[
cd %s && pwd; id -u
PATH=$PATH:/usr/sbin:/sbin:/usr/local/openresty/nginx/sbin command -v nginx
]]

local found

--- What holds for every start: the tree, absolute, the user's number, and where nginx is.
local function look()
  if not found then
    local root, user, binary = process.run(LOOK:format(quote(process.root))):match "^(.-)\n(%d+)\n(%S+)\n"
    found = { root = root, is_root = user == "0", binary = assert(binary, "nginx is not installed (make deps-test)") }
  end
  return found
end

--- The core that suits nginx, whose Lua is LuaJIT: what BUILD names, or the usual one.
local function paths()
  local root = look().root
  local build = os.getenv "BUILD" or "build"
  if build:sub(1, 1) ~= "/" then build = root .. "/" .. build end
  return root .. "/lua/?.lua;;", build .. "/luajit/?.so;;"
end

local START = "cd %s && exec %s %s -p %s/ -c nginx.conf -e error.log >stdout.log 2>&1"

local QUIT, TERM, KILL = 3, 15, 9

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

--- A plain request.
---@param path string
---@return string body
---@return integer status  0: there was no answer
function Server:get(path)
  local answer = process.request("GET", self.url .. path)
  return answer.body or "", answer.status or 0
end

--- A request by the curl command.
---@param path string
---@param options string  more words for curl
---@return string body
---@return integer status
---@return integer code    curl's exit status
function Server:curl(path, options)
  local output, code = process.run(("curl --silent --noproxy '*' --max-time 60 -w '\\n%%{http_code}' %s %s"):format(
    options, quote(self.url .. path)))
  local body, status = output:match "^(.*)\n(%d+)$"
  return body, tonumber(status), code
end

function Server:stop()
  if not self.pid then return end
  self.child.stop()
  self.pid = nil
  os.execute("exec rm -rf " .. quote(self.prefix))
end

--- Starts nginx.
---@param options table  `http` (text inside the http block), `server` (inside the server block), `main` (outside
---  of both), `workers`, `env` (words in front of the command, such as "A=b"), `path` and `cpath` (in front of ours)
---@return table server  `url`, `port`, `prefix`, `get()`, `log()`, `stop()`
function nginx.start(options)
  local prefix = os.tmpname()
  os.remove(prefix)
  assert(lfs.mkdir(prefix))
  local port = free_port()
  local path, cpath = paths()
  -- Only root may say who the workers are; they would be nobody, who cannot read the prefix.
  local user = look().is_root and "user root;" or ""
  local head = HEAD:format(load_modules(), options.workers or 1, user, options.main or "",
    (options.path or "") .. path, cpath)
  local text = ("%s\n%s\nserver {\n  listen 127.0.0.1:%d;\n  location = /_ready { return 204; }\n%s\n}\n}\n"):format(
    head, options.http or "", port, options.server or "")
  write(prefix .. "/nginx.conf", options.config and options.config(text, port) or text)
  local url = "http://127.0.0.1:" .. port
  local child = process.command(START:format(quote(prefix), options.env and "env " .. options.env or "",
    quote(look().binary), quote(prefix)), url .. "/_ready", { QUIT, TERM, KILL })
  return setmetatable({ url = url, port = port, prefix = prefix, child = child, pid = child.pid }, Server)
end

--- Where lua-resty-http and what it needs are, as a search path for nginx; where they are not, what stands in
--- for them. OpenResty has a folder of its own for both.
---@return string
function nginx.resty_path()
  local folder = os.getenv "AOM_SPEC_RESTY"
  local places = (folder and folder .. "/?.lua;" or "") .. package.path
    .. ";/usr/local/openresty/lualib/?.lua;/usr/local/openresty/site/lualib/?.lua"
  local function find(name)
    local path = package.searchpath and package.searchpath(name, places)
    return path and path:match "^(.*)/resty/[^/]*$"
  end
  local http, text = find "resty.http", find "resty.string"
  if http and text then return ("%s/?.lua;%s/?.lua;"):format(http, text) end
  return look().root .. "/spec/support/stand_in/?.lua;"
end

nginx.free_port = free_port

return nginx
