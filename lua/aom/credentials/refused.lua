--- What the service's refusal of a key means for the calls that follow: see aom.credentials.lockout.

local core = require "aom.core"
local lazy = require "aom.util.lazy"
local text = require "aom.util.text"

local shared_dict = lazy "aom.credentials.shared_dict"

local cut, one_line = text.cut, text.one_line

local MAX_REFUSALS = 2

--- Methods of a record.
---@class aom.KeyRecord
local Record = {}

local function line(value, size) return (cut(one_line(tostring(value or "")), size)) end

--- The parts of an error that are kept in a memory of bounded size. They were masked when
--- the error was made.
local function write_note(failure)
  return table.concat({ line(failure.status, 3), line(failure.code, 64), line(failure.request_id, 64),
    line(failure.hint, 400), (cut(failure.message, 480)) }, "\n")
end

--- The service refused the key.
---@param loop aom.Loop
---@param hold any
---@param failure aom.Error
---@param evidence? "certain"|"doubtful"|"locked"  default: certain
function Record:refuse(loop, hold, failure, evidence)
  local store, name, memory = loop.shared, self.name, self.memory
  local time, note = core.now(), write_note(failure)
  -- The workers' store first: its older state must not overrule the core's memory.
  local count = store and evidence ~= "doubtful" and shared_dict.refuse(store, name)
  local ticket = type(hold) == "table" and hold.ticket or nil
  local state = memory.refuse(name, time, ticket, evidence or "certain", note)
  if store and state ~= "open" then
    count = count or shared_dict.refuse(store, name)
    if count >= MAX_REFUSALS and state ~= "blocked" then
      state = memory.refuse(name, time, nil, "locked", note)
    end
    if state == "blocked" then shared_dict.block(store, name, note) end
  end
  self:give_up(loop, hold)
end

return Record
