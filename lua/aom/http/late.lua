--- Which results the service may follow up: it may still carry out an earlier attempt of the
--- call, whose answer was lost, or which failed on its way back.

local late = {}

local marked = setmetatable({}, { __mode = "k" })

---@param result table
function late.mark(result) marked[result] = true end

---@param result table
---@return boolean
function late.may_follow(result) return marked[result] == true end

return late
