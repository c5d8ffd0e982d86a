--- `aom sign`: the URL and the headers of a signed request, as a configuration that curl
--- reads, so that no signature is seen among its arguments.

local aom = require "aom.safe"
local each = require "aom.util.each"
local errors = require "aom.util.errors"
local message = require "aom.cli.message"
local must = require "aom.cli.shell".must
local status = require "aom.cli.status"

local sign = { name = "sign", summary = "Print a signed request for curl --config -." }

sign.define = message.define

--- A loop that sends nothing: it keeps what a client would send.
local function recorder()
  local kept, service = {}, nil
  local loop = {
    now = os.time, sleep = function() return true end, waiter = function() end,
    run = function(list) for _, body in ipairs(list) do body() end end,
  }
  function loop.fetch(attempt)
    if service then
      return nil, { kind = "config", sent = false, message = ("the %s service would have to be asked first, and "
        .. "aom sign sends nothing: set a key pair or a token, and the project id"):format(service) }
    end
    kept.method, kept.url, kept.headers, kept.body = attempt:signed()
    return { status = 204 }
  end
  return loop, kept, function(event)
    if event.event == "request" then service = event.service end
  end
end

local escapes = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function line_of(name, value) return ('%s = "%s"'):format(name, (value:gsub('[\\"\n\r\t]', escapes))) end

-- curl sends a header without a value only if it is written so.
local function header_of(name, value) return line_of("header", value == "" and name .. ";" or name .. ": " .. value) end

local function show(shell, kept)
  local names = {}
  for name in each.pair(kept.headers) do names[#names + 1] = name end
  table.sort(names)
  shell:say(line_of("url", kept.url))
  shell:say(line_of("request", kept.method))
  if kept.method == "HEAD" then shell:say "head" end
  for _, name in ipairs(names) do shell:say(header_of(name, kept.headers[name])) end
  -- Not data-binary, to which "@" in front means a file.
  if kept.body ~= "" then shell:say(line_of("data-raw", kept.body)) end
end

function sign.run(shell)
  local options, loop, kept, on_event = shell:options(), recorder()
  options.loop, options.on_event, options.max_attempts = loop, on_event, 1
  must(must(aom.client(options)):request(message.read(shell.args)))
  if not shell.quiet and kept.body:find "%z" then
    error(errors.argument "--data: expected no NUL bytes, which a configuration of curl cannot hold", 0)
  end
  if shell.args.json then shell:answer(kept) else show(shell, kept) end
  return status.done
end

return sign
