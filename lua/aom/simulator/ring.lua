--- A list that keeps only its last entries. Adding takes constant time, so that a long load
-- test does not slow down.

local ring = {}
ring.__index = ring

---@param capacity integer how many entries are kept
function ring.new(capacity)
  return setmetatable({ capacity = capacity, count = 0, slots = {} }, ring)
end

function ring:push(entry)
  self.slots[self.count % self.capacity + 1] = entry
  self.count = self.count + 1
end

--- The kept entries, oldest first.
---@return table list a new list
function ring:list()
  local list = {}
  for n = math.max(0, self.count - self.capacity), self.count - 1 do
    list[#list + 1] = self.slots[n % self.capacity + 1]
  end
  return list
end

return ring
