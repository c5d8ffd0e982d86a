--- Proves what a response says about the key that signed the request: whether it counts towards the lock,
--- accepts the key, or makes the source be asked again.

local client = require "aom.client.state"
local methods = require "aom.client.methods"
local core = require "aom.core"
local evidence = require "aom.http.evidence"
local scripted = require "spec.support.scripted"
local world_of = require "spec.support.world"

local JSON, HTML = "application/json", "text/html; charset=utf-8"
local WRONG = "Incorrect IAM authentication information: verify aksk signature fail"
local LOCKED = "Incorrect IAM authentication information: AK access failed to reach the limit,forbidden"

local function code(value, message)
  return ('{"error_code":"%s","error_msg":"%s","request_id":"r"}'):format(value, message or "no")
end

-- status, content type, body, what it says of a key
local rows = {
  -- The gateway's own refusals, of all three gateways.
  { 401, JSON, code("APIGW.0301", WRONG), "certain" },
  { 401, JSON, code("APIG.0301", WRONG), "certain" },
  { 401, JSON, code("APIC.0301", "whatever it says"), "certain" },
  { 401, nil, code("APIGW.0301", "signature expired"), "certain" },
  { 401, HTML, code("APIGW.0301", WRONG), "certain" },
  { 401, JSON, '{"errorCode":"APIGW.0301","errorMsg":"no"}', "certain" },
  { 401, JSON, '{"error":{"code":"APIG.0301","message":"no"}}', "certain" },
  { 401, JSON, code("APIGW.0301", LOCKED), "locked" },
  { 401, JSON, code("APIGW.0305", LOCKED), "locked" },
  { 401, nil, "AK access failed to reach the limit,forbidden", "locked" },
  -- Other codes of a gateway, before or after it has looked at the signature.
  { 401, JSON, code "APIGW.0303" },
  { 401, JSON, code "APIGW.0305" },
  { 401, JSON, code "APIGW.0307" },
  { 401, JSON, code "APIGW.10301" },
  { 403, JSON, code "APIGW.0301" },
  { 403, JSON, code "APIGW.0302" },
  { 403, JSON, code "APIG.0401" },
  { 404, JSON, code "APIGW.0101" },
  { 400, JSON, code "APIC.0201" },
  { 429, JSON, code "APIGW.0308" },
  { 429, JSON, code("APIGW.0308", "reach the limit") },
  { 500, JSON, code "APIGW.0601" },
  { 502, JSON, code "APIG.0201" },
  -- Behind the gateway.
  { 200, JSON, '{"success"}', "accepts" },
  { 200, nil, "", "accepts" },
  { 204, nil, "", "accepts" },
  { 401, JSON, code("AOM.31009003", "auth failed."), "accepts" },
  { 401, JSON, code("AOM.0403", LOCKED), "accepts" },
  { 401, JSON, code("AOM.31009004", WRONG), "accepts" },
  { 401, JSON, '{"errorCode":"SVCSTG.AMS.4000001","errorMessage":"no"}', "accepts" },
  { 400, JSON, code "AOM.31001302", "accepts" },
  { 400, JSON, '{"errorCode":"SVCSTG_AMS_4000001","errorMessage":"no"}', "accepts" },
  { 403, JSON, code "AOM.07001403", "accepts" },
  { 404, JSON, code "CMS.00000404", "accepts" },
  { 429, JSON, code "AOM.07001429", "accepts" },
  { 500, JSON, code "SVCSTG_AMS_5000000", "accepts" },
  { 503, HTML, code "AOM.08001503", "accepts" },
  -- It is unknown who sent these.
  { 401, nil, "", "doubtful" },
  { 401, nil, "unauthorized", "doubtful" },
  { 401, JSON, "{}", "doubtful" },
  { 401, JSON, '{"message":"no"}', "doubtful" },
  { 401, JSON, '{"error":{"code":401,"message":"The request you have made requires authentication."}}', "doubtful" },
  { 401, "application/xml", '<?xml version="1.0"?><error/>', "doubtful" },
  { 401, JSON, '{"code":"40101","message":"no"}' },
  { 401, JSON, code "KONG.401" },
  { 401, JSON, code "CMS.0401" },
  { 401, JSON, code "IAM.0001" },
  { 403, JSON, code "IAM.0003" },
  { 403, JSON, code "WAF.0403" },
  { 403, JSON, '{"code":403,"message":"forbidden"}' },
  { 403, JSON, code "forbidden" },
  { 403, nil, "" },
  { 404, nil, "" },
  { 302, nil, "" },
  { 502, nil, "bad gateway" },
  { 503, JSON, '{"message":"no upstream"}' },
  -- HTML pages.
  { 401, HTML, "sign in" },
  { 401, "TEXT/HTML", "" },
  { 401, nil, "<html><body>reach the limit</body></html>" },
  { 401, nil, "\239\187\191 \r\n<!DOCTYPE HTML><p>" },
  { 401, "text/plain", "<!-- proxy --><h1>no</h1>" },
  { 403, HTML, "<html>blocked</html>" },
  { 200, HTML, "<html>log in</html>" },
  { 200, nil, "<!doctype html>" },
  { 502, HTML, "<center>nginx</center>" },
}

local function title(row) return ("%d %s %s"):format(row[1], row[2] or "-", (row[3]:gsub("%c", "?"))) end

local function answer_of(row) return { status = row[1], headers = { ["content-type"] = row[2] }, body = row[3] } end

local refusal = require "aom.api.refusal"

describe("an answer", function()
  for _, row in ipairs(rows) do
    it(title(row) .. " says " .. (row[4] or "nothing"), function()
      local answer = answer_of(row)
      local err = row[1] >= 300 and refusal.of(answer, tostring) or nil
      assert.are.equal(row[4], evidence.of(answer, err and err.code, err and err.message))
    end)
  end

  it("with a 2xx status alone does not accept the key", function()
    assert.is_nil(evidence.of({ status = 200, headers = {}, body = "" }, "APIGW.0301", WRONG))
    assert.are.equal("accepts", evidence.of({ status = 200, headers = {}, body = "" }, "AOM.31001302", "no"))
  end)
end)

describe("a call that is answered", function()
  local world
  before_each(function() world = world_of.new() end)

  --- Makes the calls in order, with one key pair; returns the state of its record.
  local function state_after(answers)
    local loop = scripted.new(world, answers)
    local options = scripted.options(loop, { max_attempts = 1 })
    local signer = core.signer { ak = options.ak, sk = options.sk }
    local name = signer:fingerprint()
    signer:close()
    local state = assert(client.open(options, world))
    for _ = 1, #answers do methods.trigger(state, "wf", "enable") end
    return core.lockout.look(name, world.now()), #loop.attempts
  end

  local REFUSED = answer_of { 401, JSON, code("APIGW.0301", WRONG) }
  local GOOD = answer_of { 200, JSON, '{"success"}' }

  local counted = { certain = true, doubtful = true, locked = true }

  for _, row in ipairs(rows) do
    it(("%s %s"):format(title(row), row[4] or "means nothing"), function()
      -- A new key: after one refusal, one more that counts blocks it.
      local expected = row[4] == "accepts" and "open" or counted[row[4]] and "blocked" or "new"
      assert.are.equal(expected, (state_after { REFUSED, answer_of(row) }))
      -- A key that was accepted before: doubtful refusals no longer count.
      local kept = row[4] == "certain" and "new" or row[4] == "locked" and "blocked" or "open"
      assert.are.equal(kept, (state_after { GOOD, answer_of(row) }))
    end)
  end

  it("counts doubtful refusals again after a block has ended", function()
    local doubtful = answer_of { 401, nil, "" }
    local state = state_after { GOOD, REFUSED, REFUSED, REFUSED, doubtful }
    assert.are.equal("blocked", state)
  end)

  it("is told by the key's state after any order of refusals and firewalls", function()
    local firewall = answer_of { 403, HTML, "<html>blocked</html>" }
    local state, sent = state_after { REFUSED, firewall, firewall, REFUSED, firewall, REFUSED, firewall }
    assert.are.same({ "blocked", 4 }, { state, sent })
  end)
end)

describe("any 401", function()
  local world
  before_each(function() world = world_of.new() end)

  local function client_with(provider, answers)
    local loop = scripted.new(world, answers)
    return assert(client.open(scripted.options(loop, { ak = false, sk = false, credentials = provider }), world)), loop
  end

  for _, row in ipairs(rows) do
    if row[1] == 401 then
      for kind, first in pairs { token = { token = "t-1" }, keys = { ak = "AK", sk = "S-1-%d" } } do
        it(("asks a source that can renew: %s, with %s"):format(title(row), kind), function()
          local asked = 0
          local state, loop = client_with(function()
            asked = asked + 1
            local run = ("%s %d"):format(title(row), asked)
            return first.token and { token = "t" .. asked } or { ak = "AK" .. asked, sk = run }
          end, { answer_of(row), answer_of { 200, JSON, '{"success"}' } })
          local result, err = methods.trigger(state, "wf", "enable")
          assert.is_nil(err)
          assert.are.equal(2, result.attempts)
          assert.are.equal(2, asked)
          assert.are.equal(2, #loop.attempts)
        end)
      end

      it("does not cause a storm of requests: " .. title(row), function()
        local asked = 0
        local state = client_with(function()
          asked = asked + 1
          return { token = "t" .. asked }
        end, { answer_of(row) })
        for _ = 1, 100 do
          local _, err = methods.trigger(state, "wf", "enable")
          assert.are.equal(401, err.status)
        end
        assert.are.equal(2, asked)
        world.advance(61)
        for _ = 1, 100 do methods.trigger(state, "wf", "enable") end
        assert.are.equal(3, asked)
      end)
    end
  end

  it("for one workflow does not ask the source at each call while others succeed", function()
    local asked = 0
    local bad, good = answer_of { 401, JSON, code "AOM.31009003" }, answer_of { 200, JSON, '{"success"}' }
    local state, loop = client_with(function()
      asked = asked + 1
      return { token = "t" .. asked }
    end, { function(attempt) return attempt.path:find "wf%-bad" and bad or good end })
    for i = 1, 60 do
      local result = methods.trigger(state, i % 3 == 0 and "wf-bad" or "wf", "enable")
      assert.are.equal(i % 3 ~= 0, result ~= nil)
    end
    assert.are.equal(2, asked)
    assert.are.equal(61, #loop.attempts)
  end)

  it("is answered with other keys of the source even if the first ones are blocked already", function()
    local pair, serial = { ak = "AK-OLD", sk = "old " .. core.now() }, 0
    local wrong, good = answer_of { 401, JSON, code("APIGW.0301", WRONG) }, answer_of { 200, JSON, '{"success"}' }
    local state, loop = client_with(function()
      serial = serial + 1
      return { ak = pair.ak, sk = pair.sk }
    end, { wrong, wrong, good })
    for _ = 1, 3 do methods.trigger(state, "wf", "enable") end
    assert.are.equal(2, #loop.attempts)
    pair = { ak = "AK-NEW", sk = "new " .. core.now() }
    assert.is_nil((methods.trigger(state, "wf", "enable")))
    world.advance(61)
    assert.is_table(methods.trigger(state, "wf", "enable"))
    assert.are.equal(3, #loop.attempts)
    assert.are.equal(3, serial)
  end)

  it("is sent once where one attempt is allowed, and the next call has other credentials", function()
    local asked = 0
    local loop = scripted.new(world, { answer_of { 401, nil, "" }, answer_of { 200, JSON, '{"success"}' } })
    local state = assert(client.open(scripted.options(loop, { ak = false, sk = false, max_attempts = 1,
      credentials = function()
        asked = asked + 1
        return { token = "t" .. asked }
      end }), world))
    local _, err = methods.trigger(state, "wf", "enable")
    assert.are.same({ 401, 1 }, { err.status, err.attempts })
    assert.is_table(methods.trigger(state, "wf", "enable"))
    assert.are.same({ 2, 2 }, { asked, #loop.attempts })
  end)
end)
