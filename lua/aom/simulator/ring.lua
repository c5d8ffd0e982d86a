--- A list that remembers only its last entries. Adding costs the same however
-- many have been added, which keeps a long load test from slowing down.

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

--- The entries that are kept, oldest first.
---@return table list a new list
function ring:list()
  local list = {}
  for n = math.max(0, self.count - self.capacity), self.count - 1 do
    list[#list + 1] = self.slots[n % self.capacity + 1]
  end
  return list
end

return ring
