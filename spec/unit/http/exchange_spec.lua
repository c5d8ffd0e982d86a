--- Proves that calls, identity service requests and the project look-up share one exchange and its rules.

local client = require "aom.client.methods"
local scripted = require "spec.support.scripted"
local world_of = require "spec.support.world"

local OK = { status = 200, body = '{"success"}' }
local PASSWORD = { ak = false, sk = false, username = "alice", password = "correct-horse", domain_name = "acme",
  iam_endpoint = "https://iam.example.com", region = "cn-north-4" }
local LOOKUP = { project_id = false, iam_endpoint = "https://iam.example.com", region = "cn-north-4" }
local KEYS = {}

-- Three requests, and the options of a client whose first request it is.
local kinds = { ["an operation"] = KEYS, ["a token"] = PASSWORD, ["a project look-up"] = LOOKUP }

describe("an exchange", function()
  local world

  before_each(function() world = world_of.new { time = 1767323045, random = { 0.5 } } end)

  local function run(answers, base, more)
    local given = {}
    for _, options in ipairs { base, more or {} } do
      for name, value in pairs(options) do given[name] = value end
    end
    local loop = scripted.new(world, answers)
    local state = assert(client.open(scripted.options(loop, given), world))
    local result, err = client.methods.trigger(state, "wf-1", "enable")
    return result, err, loop
  end

  for kind, base in pairs(kinds) do
    for title, trouble in pairs {
      ["a reset"] = { kind = "network", message = "connection reset" },
      ["a failed connect"] = { kind = "network", message = "refused", sent = false },
      ["a time-out"] = { kind = "timeout", message = "timed out" },
      ["503"] = { status = 503 }, ["429"] = { status = 429 },
    } do
      for _, most in ipairs { 1, 2, 3 } do
        it(("for %s makes at most %d attempts after %s"):format(kind, most, title), function()
          local _, err, loop = run({ trouble }, base, { max_attempts = most })
          assert.are.equal(most, #loop.attempts)
          assert.is_table(err)
        end)
      end
    end

    for title, answer in pairs {
      ["400"] = { status = 400 }, ["403"] = { status = 403 }, ["404"] = { status = 404 },
      ["a bad certificate"] = { kind = "tls", message = "self-signed certificate" },
      ["no HTTP"] = { kind = "protocol", message = "no HTTP" },
    } do
      it(("for %s makes one attempt after %s"):format(kind, title), function()
        local _, _, loop = run({ answer, OK }, base)
        assert.are.equal(1, #loop.attempts)
      end)
    end

    it(("for %s waits as long as Retry-After says"):format(kind), function()
      local _, _, loop = run({ { status = 503, headers = { ["retry-after"] = "7" } }, { status = 400 } }, base)
      assert.are.equal(7, loop.slept[1])
    end)

    it(("for %s advises on an unknown authority"):format(kind), function()
      local _, err = run({ { kind = "tls", message = "unable to get local issuer certificate", code = 60 } }, base)
      assert.are.equal("tls", err.kind)
      assert.matches("ca_file", err.hint)
    end)

    it(("for %s tells on_event of it, and nothing secret"):format(kind), function()
      local events = {}
      run({ { status = 503 }, { status = 400, body = "correct-horse" } }, base,
        { on_event = function(event) events[#events + 1] = event end })
      local names = {}
      for i, event in ipairs(events) do
        names[i] = event.event
        assert.are.equal(base == KEYS and "nil" or "identity", tostring(event.service))
        assert.is_nil(event.body)
        for _, value in pairs(event.headers or {}) do assert.not_matches("correct%-horse", value) end
      end
      assert.are.same({ "request", "response", "retry", "request", "response" }, names)
    end)
  end

  it("describes the call, not the token's request, if the token fails", function()
    local _, err = run({ { status = 403, body = '{"error":{"code":403,"message":"no"}}' } }, PASSWORD)
    assert.are.equal("credentials", err.kind)
    assert.are.equal("trigger", err.operation)
    assert.are.equal(0, err.attempts)
    assert.matches("^the identity service %(https://iam%.example%.com%) refused: no$", err.message)
  end)

  it("gives no advice on the service's permissions for a refusal by the identity service", function()
    for _, base in ipairs { PASSWORD, LOOKUP } do
      local _, err = run({ { status = 403, body = '{"error":{"code":403,"message":"no"}}' } }, base)
      assert.not_matches("cms:", err.hint or "")
    end
  end)

  it("makes all calls of a client wait after a 429", function()
    local loop = scripted.new(world, { { status = 429, headers = { ["retry-after"] = "5" } }, OK })
    local state = assert(client.open(scripted.options(loop, { max_attempts = 1 }), world))
    assert.is_nil(client.methods.trigger(state, "wf-1", "enable"))
    assert.is_table(client.methods.trigger(state, "wf-2", "enable"))
    assert.are.equal(5, loop.attempts[2].at)
  end)
end)
