--- Proves that the simulator's gateway verifies every algorithm, over the body that arrived.

local aom = require "aom"
local digest = require "openssl.digest"
local process = require "spec.support.process"

local PROJECT, DATE = ("0123456789abcdef"):rep(2), "20260102T030405Z"
local BODY, CHANGED = '{"sort_field":"create_time"}', '{"sort_field":"update_time"}'

local hashes = {
  ["SDK-HMAC-SHA256"] = "sha256", ["SDK-HMAC-SM3"] = "sm3", ["SDK-ECDSA-P256-SHA256"] = "sha256",
  ["SDK-SM2-SM3"] = "sm3", ["V11-HMAC-SHA256"] = "sha256",
}

local function hash_of(name, text)
  return (digest.new(name):final(text):gsub(".", function(char) return ("%02x"):format(char:byte()) end))
end

-- What is signed, what arrives, and the status. `content` makes the header's value of the hash's name.
local function hash_of_body(name) return hash_of(name, BODY) end
local function hash_of_changed(name) return hash_of(name, CHANGED) end
local function unsigned() return "UNSIGNED-PAYLOAD" end

local rows = {
  { "the body that was signed", 200 },
  { "no body", 200, signed = "", sent = "" },
  { "another body", 401, sent = CHANGED },
  { "a body that was added", 401, signed = "" },
  { "a body that was taken away", 401, sent = "" },
  { "a signed header with the body's hash", 200, content = hash_of_body },
  { "a signed header with another body's hash", 401, content = hash_of_changed },
  { "another body behind a signed header", 401, content = hash_of_body, sent = CHANGED },
  { "another body, with a header of the first one's hash that is not signed", 401, added = hash_of_body,
    sent = CHANGED },
  { "a header that is not signed, with another body's hash", 200, added = hash_of_changed },
  { "any body with a signed header that says so", 200, content = unsigned, sent = CHANGED },
  { "any body with a header that says so and is not signed", 401, added = unsigned, sent = CHANGED },
}

describe("the simulator's gateway", function()
  local simulator

  setup(function() simulator = process.simulator { ak = "KEY", sk = "secret", project = PROJECT, catch_all = true } end)
  teardown(function() simulator.stop() end)
  before_each(function()
    simulator.reset()
    simulator.set { time = DATE, lock = false }
  end)

  --- Signs a request, sends perhaps another one, and returns the status.
  local function status(algorithm, row, secret)
    local header = "X-Sdk-Content-" .. hashes[algorithm]
    local headers = { ["Content-Type"] = "application/json", [header] = row.content and row.content(hashes[algorithm]) }
    local signed = aom.sign({ method = "POST", scheme = "http", host = simulator.url:match "//(.*)$", path = "/x/y",
      query = { { "a", "1" } }, headers = headers, body = row.signed or BODY }, { ak = "KEY", sk = secret or "secret",
      date = DATE, algorithm = algorithm, region = "cn-north-4", service = "aom" })
    for name, value in pairs(signed.headers) do headers[name] = value end
    if row.added then headers[header] = row.added(hashes[algorithm]) end
    return process.request("POST", signed.url, row.sent or BODY, headers).status
  end

  for algorithm in pairs(hashes) do
    for _, row in ipairs(rows) do
      it(("answers %s with %d: %s"):format(row[1], row[2], algorithm), function()
        assert.are.equal(row[2], status(algorithm, row))
      end)
    end

    it("refuses another secret, and counts it: " .. algorithm, function()
      assert.are.equal(401, status(algorithm, rows[1], "another"))
      assert.are.equal(1, simulator.state().counts.signature_failures.KEY)
    end)
  end
end)
