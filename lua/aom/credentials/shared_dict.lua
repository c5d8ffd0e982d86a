--- Shares what is known of a key between nginx workers that loaded the core each for itself,
--- through a store of `lua_shared_dict`. The store may be full or lose what it holds, so it
--- only adds to what the core's memory knows.

local core = require "aom.core"

local shared_dict = {}

local SECONDS = 300

--- What the workers know of a key.
---@param store table
---@param name string
---@return "open"|"blocked"|nil state
---@return string|nil note  what the last refusal left
function shared_dict.look(store, name)
  local note = store:get("blocked:" .. name)
  if note then return "blocked", note end
  return store:get("accepted:" .. name) and "open" or nil
end

--- Takes the right to try a key out, or keeps it for longer.
---@param store table
---@param name string
---@param ticket string|nil  what an earlier try of the same call got here
---@param seconds number     until the try is over by itself
---@return string|nil ticket  nil: another worker tries it out
function shared_dict.enter(store, name, ticket, seconds)
  local key = "trial:" .. name
  seconds = math.max(0.001, math.min(seconds, SECONDS))
  if ticket and store:get(key) == ticket then
    store:set(key, ticket, seconds)
    return ticket
  end
  ticket = ("%.0f %.0f"):format(core.now() * 1e6, (core.random() or 0) * 1e15)
  local ok, why = store:add(key, ticket, seconds)
  if not ok and why == "exists" then return nil end
  return ticket
end

---@param store table
---@param name string
---@param ticket string|nil
function shared_dict.release(store, name, ticket)
  local key = "trial:" .. name
  if ticket and store:get(key) == ticket then store:delete(key) end
end

---@param store table
---@param name string
function shared_dict.accept(store, name)
  store:set("accepted:" .. name, true, SECONDS)
  store:delete("refusals:" .. name)
  store:delete("blocked:" .. name)
  store:delete("trial:" .. name)
end

---@param store table
---@param name string
---@return integer  refusals in a row, of all workers; 0 when the store is full
function shared_dict.refuse(store, name)
  store:delete("accepted:" .. name)
  return store:incr("refusals:" .. name, 1, 0, SECONDS) or 0
end

---@param store table
---@param name string
---@param note string
function shared_dict.block(store, name, note) store:set("blocked:" .. name, note, SECONDS) end

return shared_dict
