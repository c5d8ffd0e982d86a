--- Throws mangled texts at everything that reads what a server or a file says. None may
--- raise, hang, or return something that is no error and no result.
---
---     lua spec/fuzz/decode.lua [COUNT [SEED]]

local clock = require "aom.util.clock"
local endpoint = require "aom.config.endpoint"
local errors = require "aom.util.errors"
local explain = require "aom.http.diagnose"
local operations = require "aom.api.operations"
local profile = require "aom.config.profile"
local request = require "aom.api.input"
local response = require "aom.api.response"
local retry = require "aom.http.retry"

local count, seed = tonumber(arg[1]) or 200000, tonumber(arg[2]) or os.time()
math.randomseed(seed)

local samples = {
  '{"success"}', '{"error_code":"AOM.31001302","error_msg":"Invalid param","http_code":400}',
  '{"error_msg":"x","error_code":"APIGW.0301","request_id":"r"}', '{"error":{"code":401,"message":"m","title":"t"}}',
  '{"details":[{"error_code":"a","error_msg":"b"},null,[1,{}]]}', "<html>", "", "null", "[[]]", '"\\ud800"', "\255\254",
  "Incorrect IAM authentication information: verify aksk signature fail, canonicalRequest:PUT|/a/|q=1|host:h||host|e3",
  "signature expired, signature time:20211217T064303Z,server time:20211217T065804Z", "Fri, 02 Jan 2026 03:04:16 GMT",
  "[basic]\nak = a\nsk=b\n", "https://user@host:99999/p?q#f", "http://[::1]:80/a/../b", "120",
}

local function mangle(text)
  for _ = 1, math.random(0, 4) do
    local at = math.random(0, #text)
    local kind = math.random(4)
    if kind == 1 then text = text:sub(1, at) .. string.char(math.random(0, 255)) .. text:sub(at + 1)
    elseif kind == 2 then text = text:sub(1, at) .. text:sub(at + 2)
    elseif kind == 3 then text = text:sub(1, at) .. samples[math.random(#samples)] .. text:sub(at + 1)
    else text = text:sub(1, at) .. text:sub(at + 1):rep(2) end
    text = text:sub(1, 4000)
  end
  return text
end

local function same(text) return text end

local made = request.build(operations.trigger, "w", "enable")
local the_clock = clock.new { time = function() return 1767323045 end }

local function check_error(err)
  assert(errors.is_error(err), "no error")
  assert(not tostring(err):find("[%z\1-\31\127]"), "a control byte in an error")
end

local readers = {
  function(text)
    check_error(response.failure({ status = math.random(300, 599), headers = {}, body = text }, same))
  end,
  function(text)
    local result, err = response.read({ status = 200, headers = {}, body = text }, same, made)
    if result then assert(result.success) else check_error(err) end
  end,
  function(text) explain.difference("PUT\n/a/\nq=1\nhost:h\n\nhost\ne3", text) end,
  function(text) the_clock:learn(text, mangle "Fri, 02 Jan 2026 03:04:16 GMT", 0) end,
  function(text) assert(retry.after(text, 0) >= 0) end,
  function(text)
    local sections, err = profile.parse(text, "p")
    if not sections then check_error(err) end
  end,
  function(text)
    local parsed, problem = endpoint.parse(text)
    assert(parsed and parsed.base:find("^https?://[^/]+$") or problem)
  end,
}

for i = 1, count do
  local text = mangle(samples[math.random(#samples)])
  local fine, why = pcall(readers[i % #readers + 1], text)
  if not fine then
    io.stderr:write(("seed %d, round %d, reader %d: %s\n%q\n"):format(seed, i, i % #readers + 1, tostring(why), text))
    os.exit(1)
  end
end
print(("decode: %d texts, seed %d"):format(count, seed))
