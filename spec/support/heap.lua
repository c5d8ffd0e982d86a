--- What this process has in the memory that malloc gives.

local heap = {}

--- The bytes, Lua's among them; or nil, and why they cannot be read.
---@return string|nil
---@return string|nil why
function heap.read()
  local maps = io.open "/proc/self/maps"
  if not maps then return nil, "the system has no /proc" end
  local from, to = maps:read "*a":match "(%x+)%-(%x+)[^\n]*%[heap%]"
  maps:close()
  if not from then return nil, "malloc takes its memory elsewhere, as AddressSanitizer's does" end
  local memory = assert(io.open("/proc/self/mem", "rb"))
  memory:seek("set", tonumber(from, 16))
  local bytes = memory:read(tonumber(to, 16) - tonumber(from, 16))
  memory:close()
  return bytes
end

--- Whether two texts stand there side by side, which Lua never joins.
---@param bytes string
---@param first string
---@param second string
---@return boolean
function heap.has_joined(bytes, first, second)
  local at = 0
  while true do
    local _, last = bytes:find(first, at + 1, true)
    if not last then return false end
    if bytes:sub(last + 1, last + #second) == second then return true end
    at = last
  end
end

return heap
