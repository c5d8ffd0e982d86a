--- Turns the body of a successful response into result fields. The service's reference and
--- its SDKs disagree on some shapes: each reader accepts all known ones and refuses the
--- rest, such as a proxy's page. Those of JSON documents stand apart, and are loaded with the
--- operations that have such answers: when one is there, it could be too late.

local lazy = require "aom.util.lazy"

local json = lazy "aom.util.json"

--- The last argument is the decoded body, where that is known already.
---@type table<string, fun(body: string, result: table, document: any): boolean>
local bodies = setmetatable({}, { __index = lazy "aom.api.documents" })

-- Documented as `{"success"}`, which is not JSON. A word in that form or bare, an empty
-- body and any JSON pass: the status has decided already. Anything else is not this service.
function bodies.acknowledgement(body)
  return body == '{"success"}' or body:find("^%s*$") ~= nil or body:find("^%s*[0-9A-Za-z_%-]+%.?%s*$") ~= nil
    or body:find('^%s*{%s*"[^"\\%c]+"%s*}%s*$') ~= nil or json.decode(body) ~= nil
end

--- The codec's own value for null is of no use to a caller.
local function known(value)
  if type(value) ~= "userdata" then return value end
end

--- An answer that means something to the caller alone. What is no JSON, or null, has no data.
function bodies.any(body, result)
  result.data = known((json.decode(body)))
  return true
end

--- What an operation answers that has nothing to tell: `{"result": …}`, or a text.
function bodies.outcome(body, result)
  if not bodies.acknowledgement(body) then return false end
  local value = json.unwrap(body)
  if type(value) == "table" then value = value.result end
  result.result = known(value)
  return true
end

return bodies
