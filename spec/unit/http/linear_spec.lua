--- Proves that what a server says is read in linear time: a pattern that looks at the same bytes again from each place
--- would take hours for an answer of the longest length.

local client = require "aom.client.state"
local times = require "aom.util.times"
local diagnose = require "aom.http.diagnose"
local endpoint = require "aom.config.endpoint"
local evidence = require "aom.http.evidence"
local nginx_http1 = require "aom.loop.nginx_http1"
local patience = require "spec.support.patience"
local refusals = require "aom.api.refusal"
local retry = require "aom.http.retry"
local scripted = require "spec.support.scripted"
local methods = require "aom.client.methods"
local world = require "spec.support.world"

local MANY = 2 ^ 16

local function same(text) return text end

local function refusal(message, code)
  return (refusals.of({ status = 401, headers = {}, body = ('{"error_code":"%s","error_msg":"%s"}'):format(
    code or "APIGW.0301", message) }, same))
end

local function hint(message) return diagnose.hint { status = 401, gateway = "0301", message = message } end

local function header(line)
  local text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" .. line .. "\r\n\r\n"
  local reader = nginx_http1.reader(function()
    local bytes = text
    text = nil
    return bytes, not bytes and { kind = "network", message = "closed" } or nil
  end, 2 ^ 20)
  return nginx_http1.read(reader, "GET", 100)
end

local function call(answer)
  local w = world.new {}
  local state = assert(client.open(scripted.options(scripted.new(w, { answer }), { max_attempts = 1 }), w))
  return select(2, methods.trigger(state, "wf-1", "enable"))
end

describe("reading", function()
  for title, read in pairs {
    ["a message of blanks"] = function(many) return refusal((" "):rep(many) .. "x") end,
    ["a message of commas before an echo"] = function(many) return refusal((","):rep(many) .. "canonicalRequest:x") end,
    ["a message of keys"] = function(many) return hint(("ak "):rep(many)) end,
    ["a message of keys that nearly do not exist"] = function(many) return hint(("ak not exis "):rep(many)) end,
    ["a code of digits"] = function(many) return evidence.is_behind("A." .. ("1"):rep(many) .. "!", 400) end,
    ["a gateway's code of digits"] = function(many)
      return evidence.gateway_number("APIGW." .. ("1"):rep(many) .. "_1")
    end,
    ["a Retry-After of digits"] = function(many)
      return retry.after({ ["retry-after"] = ("1"):rep(many) .. "x" }, 0)
    end,
    ["a time with blanks"] = function(many)
      return times.parse_time("2026-01-02T03:04:05" .. (" "):rep(many) .. "x")
    end,
    ["an endpoint of slashes"] = function(many) return endpoint.parse("https://a" .. ("/"):rep(many) .. "x") end,
    ["a header of blanks, in nginx"] = function(many) return header("X-A: a" .. (" "):rep(many) .. "b") end,
    ["an answer with all of them"] = function(many)
      return call { status = 401, headers = { ["retry-after"] = ("1"):rep(many) .. "x" },
        body = ('{"error_code":"APIGW.%s","error_msg":"%s%s"}'):format(("1"):rep(many), (" "):rep(many),
          ("ak "):rep(many)) }
    end,
  } do
    it(title .. " takes no time", function()
      local started = os.clock()
      read(MANY)
      assert.is_true(os.clock() - started < patience.of(0.5))
    end)
  end
end)
