--- The one error value of the library: a table that says what failed, how, and
--- whether trying again makes sense. It never holds a secret.

local each = require "aom.util.each"
local text = require "aom.util.text"

---@alias aom.ErrorKind
---| "argument"    # a value given by the caller is wrong, or a selection matches nothing; nothing was changed
---| "config"      # region, endpoint, project, an option or a file is missing or wrong
---| "credentials" # none were found, or they could not be obtained or renewed
---| "network"     # the name did not resolve, the connection failed or broke, or memory or descriptors ran out
---| "timeout"     # an attempt, a connect or the whole call took too long
---| "tls"         # the server could not be verified, or the handshake failed otherwise
---| "protocol"    # the response is malformed, or exceeds a limit
---| "service"     # the service refused
---| "cancelled"   # the call was cancelled; or, with a callback, a function that was passed to it raised an error

---@class aom.Error
---@field kind aom.ErrorKind       what happened
---@field message string          one sentence
---@field status? integer         HTTP status
---@field code? string            the service's code, such as "AOM.31001302"
---@field http_code? integer      the status that the body itself states
---@field request_id? string      what to give to support
---@field details? aom.ErrorDetail[]  lower errors that the service listed
---@field body? string            of the answer, masked; at most 64 KiB
---@field encoded_authorization_message? string  what an administrator can decode
---@field operation? string       such as "trigger"
---@field method? string          HTTP method
---@field url? string             what was asked for
---@field attempts? integer       requests made
---@field elapsed? number         seconds
---@field retryable boolean       whether the same call may safely be made again later
---@field hint? string            what to do, when the library knows better
---@field cause? aom.ErrorCause   the lower error
---@field where? string            of an argument error that is raised: "file:line" of the call
---@field matches? aom.Workflow[]  those of one name, where one is wanted
---@field paused? aom.Window       what `pause` or `resume` has got to
local Error = { __name = "aom.error" }
Error.__index = Error

--- A lower error that the service listed.
---@class aom.ErrorDetail
---@field code? string     the service's
---@field message? string  one sentence

--- What lies below an error: libcurl's or OpenSSL's words.
---@class aom.ErrorCause
---@field code? integer   libcurl's number
---@field message string  in its words

local errors = {}

local function place(err)
  local parts = {}
  if err.status then parts[#parts + 1] = "HTTP " .. err.status end
  if err.code then parts[#parts + 1] = err.code end
  if err.request_id then parts[#parts + 1] = "request " .. err.request_id end
  -- A message about a field begins with the operation.
  local operation = err.operation
  if operation and err.message:sub(1, #operation + 1) ~= operation .. ":" then parts[#parts + 1] = operation end
  if err.where then parts[#parts + 1] = "at " .. err.where end
  if (err.attempts or 0) > 1 then parts[#parts + 1] = err.attempts .. " attempts" end
  if #parts == 0 then return "" end
  return " (" .. table.concat(parts, ", ") .. ")"
end

function Error.__tostring(err)
  local line = "aom: " .. err.kind .. ": " .. err.message .. place(err)
  if err.hint then line = line .. "; " .. err.hint end
  return text.one_line(line)
end

--- Lets a script concatenate an error as it would a string.
function Error.__concat(left, right)
  return tostring(left) .. tostring(right)
end

---@param kind aom.ErrorKind
---@param message string
---@param fields? table  further fields; becomes the error itself
---@return aom.Error
function errors.new(kind, message, fields)
  local err = fields or {}
  err.kind = kind
  err.message = message
  if err.retryable == nil then err.retryable = kind == "network" or kind == "timeout" end
  return setmetatable(err, Error)
end

--- Why a call has ended before its time. See aom.loop.scope.
errors.CANCELLED, errors.CLOSED = "the call was cancelled", "the client was closed"

--- Of a call that is over before its time, by whoever finds out. Why is said when the call ends.
---@return aom.Error
function errors.cancelled() return errors.new("cancelled", errors.CANCELLED) end

--- Of a call that was cut short since memory is. It may have been carried out, or not.
---@return aom.Error
function errors.memory() return errors.new("network", "out of memory", { retryable = false }) end

--- The words for that, the core's as well.
errors.NO_DESCRIPTORS = "all file descriptors of this process, or of the system, are in use"

errors.DESCRIPTORS_HINT = "close files and connections not in use, or raise the limit (ulimit -n, or "
  .. "worker_rlimit_nofile in nginx)"

-- What every Lua says when memory is short, the core, and lua-cjson.
local no_memory = { ["not enough memory"] = true, ["out of memory"] = true,
  ["Memory allocation error in CJSON protected call"] = true }

--- Whether what was raised, or why something failed, is that memory is short. A codec's own
--- error may begin with a place in the code.
---@param why any
---@return boolean
function errors.is_memory(why)
  return type(why) == "string" and no_memory[why:match "^[^\n]*:%d+: (.*)$" or why] == true
end

--- Whether what was raised is Ctrl-C, as Lua's own interpreters tell it: at any point, also in a
--- function of the user's. It must end the call, whoever catches it.
---@param raised any
---@return boolean
function errors.is_interrupt(raised) return type(raised) == "string" and raised:find "interrupted!$" ~= nil end

--- Whether what was raised ends the whole call, wherever it strikes, and says nothing about what was tried.
---@param raised any
---@return boolean
function errors.ends_call(raised) return errors.is_interrupt(raised) or errors.is_memory(raised) end

local function sift(ok, raised, ...)
  if not ok and errors.ends_call(raised) then error(raised, 0) end
  return ok, raised, ...
end

--- `pcall` around what may fail by itself. Ctrl-C and a lack of memory are raised again.
---@param run function
---@param ... any  its arguments
---@return boolean ok
---@return any  what it returned, or what it raised
function errors.caught(run, ...) return sift(pcall(run, ...)) end

--- The error of what was raised because the process has too little of something: memory, or
--- descriptors to load a part of the library.
---@param raised any
---@return aom.Error|nil
function errors.shortage(raised)
  if errors.is_memory(raised) then return errors.memory() end
  if raised ~= errors.NO_DESCRIPTORS then return nil end
  return errors.new("network", raised, { hint = errors.DESCRIPTORS_HINT })
end

---@return aom.Error
function errors.argument(format, ...)
  return errors.new("argument", format:format(...))
end

---@return aom.Error
function errors.config(message, hint)
  return errors.new("config", message, { hint = hint })
end

--- The same error once more, for a caller that did not make the request itself.
---@param err aom.Error
---@return aom.Error
function errors.copy(err)
  local copy = {}
  for name, value in each.pair(err) do copy[name] = value end
  return setmetatable(copy, Error)
end

--- The name of a table's class, or nil.
---@param value table
---@return any
local function class_name(value)
  local class = getmetatable(value)
  return type(class) == "table" and rawget(class, "__name") or nil
end

--- Told by the name of its class, so that an error counts which was made before this module
--- was loaded anew.
---@param value any
---@return boolean
function errors.is_error(value) return type(value) == "table" and class_name(value) == Error.__name end

--- A client keeps its metatable to itself, and shows its name alone.
---@param value any
---@return boolean
function errors.is_client(value) return type(value) == "table" and getmetatable(value) == "aom.client" end

-- What messages call a table of ours.
local called = {
  [Error.__name] = "an error", ["aom.execution"] = "an execution", ["aom.handle"] = "a handle",
  ["aom.report"] = "a report", ["aom.result"] = "a result", ["aom.window"] = "a window",
}

--- A short, printable form of any value, for messages that show what was given.
---@param value any
---@return string
function errors.show(value)
  if type(value) == "string" then return text.quote(value) end
  -- As Lua writes it, but for the decimal point of a locale.
  if type(value) == "number" then return (tostring(value):gsub("[^%-+a-z0-9]+", ".")) end
  if type(value) == "boolean" or value == nil then return tostring(value) end
  if errors.is_client(value) then return "a client" end
  return type(value) == "table" and called[class_name(value)] or "a " .. type(value)
end

return errors
