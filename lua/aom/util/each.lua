--- What every loop over a table calls here, in place of `pairs` and `next`: those the LuaJIT
--- of 2021 to 2023 (Debian 12, OpenResty 1.21) knows by their names, and a loop that it has
--- compiled for them may run for ever in a finaliser, where it can compile no way out.

local each = {}

--- As `pairs`.
each.pair = pairs

--- As `next, container`: whatever metatable it has.
---@param container table
function each.raw(container) return next, container end

return each
