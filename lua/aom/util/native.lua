--- Says why the C module cannot be loaded: where it was built for another Lua, what the system's
--- loader says names a symbol that no user has heard of; and where it is missing beside Lua files
--- that were found, as in a checkout that nobody has built, Lua does not say that it is to be built.

local native = {}

local signs = { "undefined symbol: lua", "symbol not found", "version mismatch", "numeric types" }

-- What make calls this Lua.
local name = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "%d%.%d"

-- Of a module that failed once, Lua 5.1 says no more than that it did.
local first_why

--- Raises the error.
---@param why any  what loading it has raised
function native.fail(why)
  first_why = first_why or tostring(why)
  for _, words in ipairs(signs) do
    if first_why:find(words, 1, true) then
      error(("aom: the module aom.core was built for another Lua than this %s: build and install it for this one "
        .. "(make install LUA=…); the loader says: %s"):format(_VERSION, first_why), 0)
    end
  end
  if first_why:find("module 'aom.core' not found", 1, true) then
    error(("aom: the C module aom.core is nowhere in package.cpath, though its Lua files were found: build and "
      .. "install it (make install LUA=%s), or add a checkout's build (\".../build/%s/?.so\"); %s")
      :format(name, name, first_why), 0)
  end
  error(first_why, 0)
end

return native
