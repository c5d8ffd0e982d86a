--- Turns what the C engine returns into the tables that the rest of the library reads, the
--- same ones for every loop and transport.

local core = require "aom.core"
local errors = require "aom.util.errors"

local transfer = {}

--- Why an attempt has no answer.
---@class aom.Trouble
---@field kind string   an error kind
---@field message string
---@field code? integer  libcurl's number
---@field sent boolean   whether the server may have seen the request
---@field hint? string   what helps, where only the loop knows it
---@field away? "name"|"connection"  what did not come about, so that the request never left
---@field refused? boolean   it has, and says that it did nothing about it
---@field proxy_status? integer  with which a proxy refused; else 0 or nil
---@field fault? aom.TlsFault  what was wrong with TLS, where it is known

---@alias aom.TlsFault
---| "authority"  nobody who is trusted has signed the certificate
---| "name"       it is for other names
---| "expired"
---| "early"      it is not valid yet
---| "version"    no version of TLS in common
---| "plain"      the port speaks no TLS
---| "anonymous"  the server wants a certificate of the client's
---| "identity"   the server refuses that of the client

---@class aom.Answer
---@field status integer
---@field headers table<string, string>  lower-case names, the first value of each; those that matter, or all
---@field several? table<string, string[]>  all values of those that are there several times
---@field body string

---@param kind string
---@param message string
---@param sent boolean
---@param hint? string
---@return nil
---@return aom.Trouble
function transfer.trouble(kind, message, sent, hint)
  return nil, { kind = kind, message = message, sent = sent, hint = hint }
end

-- libcurl's numbers for a proxy's name, a name, and a connection.
local away = { [5] = "name", [6] = "name", [7] = "connection" }

---@param engine userdata
---@param attempt aom.Attempt
---@param seconds number
---@param transport aom.Transport
---@return integer|nil id
---@return aom.Trouble|nil
function transfer.start(engine, attempt, seconds, transport)
  local id, kind, message = engine:start(attempt, seconds, transport)
  if id then return id end
  return transfer.trouble(kind, message, false)
end

--- What the engine says of a transfer that has ended, or did not begin.
local function read(status, headers, body, more, sent, proxy_status, refused, fault)
  if status then return { status = status, headers = headers, body = body, several = more } end
  return nil, { kind = headers, message = body, code = more, sent = sent or false, proxy_status = proxy_status,
    refused = refused, fault = fault, away = headers == "network" and away[more] or nil }
end

local function collect(engine, id) return read(engine:collect(id)) end

--- Of a transfer whose end there was no memory to tell. It is there beforehand.
---@type aom.Trouble
transfer.untold = { kind = "network", message = "out of memory", sent = true }

--- Takes a finished transfer out of the engine, which keeps nothing of it, also if memory is short.
---@param engine userdata
---@param id integer
---@return aom.Answer|nil
---@return aom.Trouble|nil
function transfer.collect(engine, id)
  local ok, answer, trouble = pcall(collect, engine, id)
  if ok then return answer, trouble end
  engine:cancel(id)
  if not errors.is_memory(answer) then error(answer, 0) end
  return nil, transfer.untold
end

local function read_fetched(status, id, ...)
  if status == false then return nil, nil, id end
  return read(status, id, ...)
end

--- Begins a transfer, and waits for some time for its end.
---@param engine userdata
---@param attempt aom.Attempt
---@param seconds number   that it may take
---@param transport aom.Transport
---@param patience number  seconds to wait now
---@return aom.Answer|nil
---@return aom.Trouble|nil
---@return integer|nil id  it is to be waited for and collected
function transfer.fetch(engine, attempt, seconds, transport, patience)
  return read_fetched(engine:fetch(attempt, seconds, transport, patience))
end

---@return nil
---@return aom.Trouble
function transfer.cancelled() return transfer.trouble("cancelled", "the call was cancelled", true) end

--- For transports without the engine: its words for an attempt that took too long.
---@param started number  when the attempt began
---@param awaited string  what it waited for in the end
---@param sent boolean
---@return nil
---@return aom.Trouble
function transfer.late(started, awaited, sent)
  local message = ("timed out after %.1f s, waiting for %s"):format(core.now() - started, awaited)
  return transfer.trouble("timeout", message, sent)
end

return transfer
