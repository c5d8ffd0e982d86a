--- Says so where the C module was built for another Lua: what the system's loader says of that
--- names a symbol that no user has heard of.

local native = {}

-- Once: of a module that failed, Lua 5.1 says no more at the second time than that it did.
local is_found, why = pcall(require, "aom.core")

local signs = { "undefined symbol: lua", "symbol not found", "version mismatch", "numeric types" }

--- Raises an error if the C module cannot be loaded. What loads the library calls this first.
function native.check()
  if is_found then return end
  why = tostring(why)
  for _, words in ipairs(signs) do
    if why:find(words, 1, true) then
      error(("aom: the module aom.core was built for another Lua than this %s: build and install it for this one "
        .. "(make install LUA=…); the loader says: %s"):format(_VERSION, why), 0)
    end
  end
  error(why, 0)
end

return native
