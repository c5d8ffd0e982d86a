--- A headless Neovim for specs: with directories of its own, and no configuration but
--- what the spec gives it.

local cjson = require "cjson"
local process = require "spec.support.process"

local neovim = {}

local quote = process.quote

local function paths()
  local root = process.run("cd " .. quote(process.root) .. " && pwd"):match "^(.-)\n"
  local build = os.getenv "BUILD" or "build"
  if build:sub(1, 1) ~= "/" then build = root .. "/" .. build end
  return root, build
end

-- Runs the spec's script inside Neovim, and ends Neovim also after an error.
local WRAPPER = [[
vim.opt.runtimepath:append(%q)
package.cpath = %q .. package.cpath
local function finish(answer)
  local file = io.open(%q, "w")
  file:write(vim.fn.json_encode(answer))
  file:close()
  vim.cmd "qall!"
end
local fine, value = xpcall(function() return loadfile(%q)() end, debug.traceback)
if not fine then
  finish { err = tostring(value) }
elseif type(value) == "function" then
  value(function(result) finish { value = result } end)
else
  finish { value = value }
end
]]

--- Runs `script` in Neovim as a file; its value comes back through JSON. When that is a
--- function, Neovim goes on to its main loop, until the function's argument is called.
---@param script string
---@param options? table  `env` (name -> value), `args` (words for nvim), `limit` (seconds)
---@return any value       nil also if the script ended Neovim otherwise
---@return string output   what Neovim wrote
---@return integer code    its exit status
---@return string|nil err  of the script
function neovim.try(script, options)
  options = options or {}
  local root, build = paths()
  local home = process.run "mktemp -d":match "^(%S+)\n"
  local body, answer = process.temporary(script), process.temporary ""
  local wrapper = process.temporary(WRAPPER:format(root, build .. "/luajit/?.so;", answer, body))
  local words = { "env -u LUA_PATH -u LUA_CPATH -u VIM -u VIMRUNTIME", "HOME=" .. quote(home),
    "XDG_CONFIG_HOME=" .. quote(home), "XDG_DATA_HOME=" .. quote(home), "XDG_STATE_HOME=" .. quote(home),
    "XDG_CACHE_HOME=" .. quote(home), "XDG_RUNTIME_DIR=" .. quote(home) }
  for name, value in pairs(options.env or {}) do words[#words + 1] = name .. "=" .. quote(value) end
  words[#words + 1] = ("timeout -k 2 %d nvim --headless -n -i NONE -u NORC %s --cmd 'set shortmess+=F' -c 'luafile %s'")
    :format(options.limit or 30, options.args or "", wrapper)
  local output, code = process.run(table.concat(words, " ") .. " 2>&1 </dev/null")
  local file = io.open(answer)
  local text = file:read "*a"
  file:close()
  for _, path in ipairs { body, answer, wrapper } do os.remove(path) end
  process.run("rm -rf " .. quote(home))
  local decoded = text ~= "" and cjson.decode(text) or {}
  return decoded.value, output, code, text == "" and ("Neovim ended with %d: %s"):format(code, output) or decoded.err
end

--- As `try`, for a script that ends well.
---@return any value
---@return string output
function neovim.run(script, options)
  local value, output, code, err = neovim.try(script, options)
  assert(code == 0 and not err, err or output)
  return value, output
end

--- The root of the tree, absolute.
function neovim.root() return (paths()) end

return neovim
