--- A request on the command line, of `aom request` and `aom sign`.

local errors = require "aom.util.errors"
local platform = require "aom.util.platform"

local message = {}

---@param command table  of argparse
function message.define(command)
  command:argument("METHOD", "GET, HEAD, PUT, DELETE, OPTIONS, POST or PATCH."):argname "METHOD":target "method"
  command:argument("PATH", "Not encoded; {project_id} is filled in."):argname "PATH":target "path"
  command:option("--query", "A query parameter, NAME=VALUE; may be repeated."):argname "PAIR":count "*"
  command:option("--header", "A header, NAME:VALUE; may be repeated."):argname "PAIR":count "*"
  command:option("--data", "The body; @FILE reads it from a file, @- from standard input."):argname "TEXT"
  command:option("--endpoint", "Base URL of another service."):argname "URL"
  command:option("--service", "For V11-HMAC-SHA256: the service to sign for."):argname "NAME"
end

local function split(option, words, separator)
  local pairs_of = {}
  for i, word in ipairs(words) do
    local name, value = word:match("^([^" .. separator .. "]+)" .. separator .. "(.*)$")
    if not name then
      error(errors.argument("%s: expected NAME%sVALUE, got %s", option, separator, errors.show(word)), 0)
    end
    pairs_of[i] = { name, value }
  end
  return pairs_of
end

local function headers_of(words)
  local headers = {}
  for _, pair in ipairs(split("--header", words, ":")) do
    if headers[pair[1]] then error(errors.argument("--header: %s is given twice", pair[1]), 0) end
    headers[pair[1]] = pair[2]
  end
  return headers
end

local function body_of(data)
  local path = data and data:match "^@(.+)$"
  if not path then return data end
  if path == "-" then return io.read "*a" end
  local text, why = platform.read_file(path)
  if not text then error(errors.argument("--data: %s", why or path), 0) end
  return text
end

--- What client:request takes.
---@param args table
---@return aom.AnyRequest
function message.read(args)
  return {
    method = args.method, path = args.path, query = split("--query", args.query, "="),
    headers = headers_of(args.header), body = body_of(args.data), endpoint = args.endpoint, service = args.service,
    -- A service of another region has projects of its own.
    project_id = args.endpoint and args.project_id,
  }
end

return message
