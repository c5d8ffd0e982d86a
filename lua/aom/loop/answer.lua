--- Turns what the C engine returns into the tables that the rest of the library reads, the
--- same ones for every loop and transport.

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

-- libcurl's numbers for a proxy's name, a name, and a connection.
local away = { [5] = "name", [6] = "name", [7] = "connection" }

--- What the engine says of a transfer that has ended, or did not begin.
return function(status, headers, body, more, sent, proxy_status, refused, fault)
  if status then return { status = status, headers = headers, body = body, several = more } end
  return nil, { kind = headers, message = body, code = more, sent = sent or false, proxy_status = proxy_status,
    refused = refused, fault = fault, away = headers == "network" and away[more] or nil }
end
