--- The hosts that this Lua may run in, told by their globals. A program may make the read of
--- an unknown global an error, so they are read without the metatable of all globals.

local host = {}

--- Lua's own library, kept here since a host may take it away at any time: the global alone, as
--- a rule, so that it is still among the loaded modules.
host.debug = rawget(_G, "debug") or package.loaded.debug

local function global(name)
  local value = rawget(_G, name)
  return type(value) == "table" and value or nil
end

--- nginx's API, inside nginx.
---@return table|nil
function host.ngx()
  local ngx = global "ngx"
  return ngx and ngx.get_phase and ngx
end

--- Neovim's API, in its main thread: other threads have no editor to talk to.
---@return table|nil
function host.vim()
  local vim = global "vim"
  return vim and vim.in_fast_event and (vim.uv or vim.loop) and vim
end

--- Whether this is another thread of Neovim's, which has luv and nobody who runs its loop.
---@return boolean
function host.is_vim_thread() return global "vim" ~= nil and not host.vim() end

--- LuaJIT's own library.
---@return table|nil
function host.jit() return global "jit" end

-- PUC Lua 5.1 cannot yield through a pcall: there an error inside a coroutine goes its
-- own way, to whoever resumes the coroutine.
local function protect(run, ...)
  if coroutine.running() then return true, run(...) end
  return pcall(run, ...)
end

--- `pcall` around what may wait in the loop.
host.pcall = (_VERSION ~= "Lua 5.1" or host.jit()) and pcall or protect

return host
