--- Proves the whole path of a call: Lua, signature, libcurl, HTTP, simulator and back. The simulator
--- verifies signatures with its own code, and counts requests.

local aom = require "aom"
local patience = require "spec.support.patience"
local process = require "spec.support.process"
local safe = require "aom.safe"

local AK, SK, PROJECT = "TRIGGERSPECKEY", "trigger-spec-secret", ("0123456789abcdef"):rep(2)
local TOKEN = "trigger-spec-token"
local LONG_TOKEN = ("t"):rep(40960)
local ODD_IDS = { "x", ("i"):rep(64), "任务-é-😀", "c++:@&=$,;'()!*~", "\255\254" }

local serial = 0

--- The process remembers keys, so each test has its own.
local function fresh_key(simulator)
  serial = serial + 1
  local ak = ("SPECKEY%d"):format(serial)
  simulator.set { keys = { [ak] = { sk = SK } } }
  return ak
end

for _, kind in ipairs { "http", "https" } do
  describe("trigger over " .. kind, function()
    local simulator

    setup(function()
      local workflows = { "wf-1", "wf-2" }
      for _, id in ipairs(ODD_IDS) do workflows[#workflows + 1] = id end
      simulator = process.simulator {
        ak = AK, sk = SK, project = PROJECT, token = TOKEN, workflows = workflows, tls = kind == "https",
      }
    end)
    teardown(function() simulator.stop() end)
    before_each(function() simulator.reset() end)

    local function client(options)
      local all = {
        endpoint = simulator.url, project_id = PROJECT, ca_file = simulator.ca_file, proxy = "",
        ak = AK, sk = SK,
      }
      for name, value in pairs(options or {}) do all[name] = value or nil end
      return aom.client(all)
    end

    local function workflow(id) return simulator.state().workflows[id] end

    it("switches a schedule on and off", function()
      local c = client()
      local result = c:trigger("wf-1", "disable")
      assert.are.equal(true, result.success)
      assert.are.equal("wf-1", result.workflow_id)
      assert.are.equal("disable", result.action)
      assert.are.equal(200, result.status)
      assert.are.equal('{"success"}', result.body)
      assert.are.equal(1, result.attempts)
      assert.is_true(result.elapsed > 0 and result.elapsed < patience.of(10))
      assert.matches("^%x+$", result.request_id)
      local after_disable = workflow("wf-1").trigger_status
      c:enable "wf-1"
      assert.are_not.equal(after_disable, workflow("wf-1").trigger_status)
      c:disable "wf-1"
      assert.are.equal(after_disable, workflow("wf-1").trigger_status)
      c:close()
    end)

    it("passes ids of 1 and 64 bytes, and bytes beyond ASCII", function()
      local c = client()
      for _, id in ipairs(ODD_IDS) do assert.is_true(c:trigger(id, "enable").success, id) end
      assert.are.equal(#ODD_IDS, simulator.state().counts.total)
      c:close()
    end)

    it("keeps one connection for many calls", function()
      local c = client()
      for _ = 1, 20 do c:enable "wf-1" end
      local requests = simulator.state().requests
      local connection = requests[1].connection
      for _, request in ipairs(requests) do assert.are.equal(connection, request.connection) end
      assert.are.equal(kind == "https" and 2 or 1.1, tonumber(requests[1].http_version))
      c:close()
    end)

    it("sends a security token signed", function()
      local other = process.simulator {
        ak = AK, sk = SK, project = PROJECT, security_token = "sts-token", tls = kind == "https",
        workflows = { "wf-1" },
      }
      local c = aom.client {
        endpoint = other.url, project_id = PROJECT, ca_file = other.ca_file, proxy = "",
        ak = AK, sk = SK, security_token = "sts-token",
      }
      assert.is_true(c:enable("wf-1").success)
      assert.matches("x%-security%-token", other.state().requests[1].signed_headers)
      c:close()
      other.stop()
    end)

    it("uses a token instead of a signature", function()
      local c = client { ak = false, sk = false, token = TOKEN }
      assert.is_true(c:enable("wf-1").success)
      local request = simulator.state().requests[1]
      assert.is_false(request.has_authorization)
      assert.are.equal(#TOKEN, request.token_bytes)
      c:close()
    end)

    it("reports an unknown workflow", function()
      local c = client()
      local ok, err = pcall(c.trigger, c, "nobody", "enable")
      assert.is_false(ok)
      assert.is_true(aom.is_error(err))
      assert.are.equal("service", err.kind)
      assert.are.equal(404, err.status)
      assert.is_false(err.retryable)
      assert.is_string(err.request_id)
      assert.are.equal(1, simulator.state().counts.total)
      c:close()
    end)

    it("explains a wrong secret key, and sends at most two signatures", function()
      local c = client { ak = fresh_key(simulator), sk = "wrong" }
      for i = 1, 5 do
        local ok, err = pcall(c.enable, c, "wf-1")
        assert.is_false(ok)
        assert.are.equal("APIGW.0301", err.code)
        assert.matches("secret key does not belong", err.hint)
        assert.are.equal(i <= 2 and 1 or 0, err.attempts)
      end
      assert.are.equal(2, simulator.state().counts.total)
      c:close()
    end)

    for _, entry in ipairs {
      { "a 503 once", { status = 503 }, 2 },
      { "429 with Retry-After 0", { status = 429, headers = { ["Retry-After"] = "0" } }, 2 },
      { "a 500 twice", { status = 500, times = 2 }, 3 },
      { "a connection closed before the answer", { close = "before_answer" }, 2 },
      { "a request that was processed and not answered", { drop = true }, 2 },
      { "a body that ends early", { close = "mid_body" }, 2 },
    } do
      it("repeats after " .. entry[1], function()
        simulator.script { entry[2] }
        local c = client { ak = fresh_key(simulator) }
        local result = c:enable "wf-1"
        assert.are.equal(entry[3], simulator.state().counts.total)
        assert.is_true(result.attempts <= entry[3])
        c:close()
      end)
    end

    for _, status in ipairs { 400, 403, 404, 302 } do
      it("does not repeat a " .. status, function()
        simulator.script { { status = status } }
        local c = client()
        local ok, err = pcall(c.enable, c, "wf-1")
        assert.is_false(ok)
        assert.are.equal("service", err.kind)
        assert.are.equal(status, err.status)
        assert.are.equal(1, simulator.state().counts.total)
        c:close()
      end)
    end

    it("survives a connection that died while it was idle", function()
      simulator.script { { close = "after_answer" } }
      local c = client()
      c:enable "wf-1"
      process.sleep(0.1) -- until it is dead
      assert.is_true(c:disable("wf-1").success)
      assert.are.equal(2, simulator.state().counts.total)
      c:close()
    end)

    it("corrects a clock that is 20 minutes off with one more request", function()
      simulator.set { clock_offset = 1200 }
      local c = client { ak = fresh_key(simulator) }
      assert.are.equal(2, c:enable("wf-1").attempts)
      assert.are.equal(1, c:disable("wf-1").attempts)
      assert.are.equal(3, simulator.state().counts.total)
      c:close()
    end)

    for _, body in ipairs { '"success"', '{"result":"success"}', "", "[]" } do
      it("takes " .. (body == "" and "an empty body" or body) .. " for success", function()
        simulator.set { success_body = body }
        local c = client()
        assert.are.equal(body, c:enable("wf-1").body)
        c:close()
      end)
    end

    it("does not accept a proxy's page as success", function()
      simulator.set { success_body = "<html><h1>Please log in</h1></html>" }
      local c = client()
      local ok, err = pcall(c.enable, c, "wf-1")
      assert.is_false(ok)
      assert.are.equal("protocol", err.kind)
      assert.matches("Please log in", err.message)
      c:close()
    end)

    it("times out a server that is slower than the deadline", function()
      simulator.script { { hang = 20 } }
      local c = client { timeout = 0.3 }
      local ok, err = pcall(c.enable, c, "wf-1")
      assert.is_false(ok)
      assert.are.equal("timeout", err.kind)
      assert.is_true(err.elapsed >= 0.25 and err.elapsed < patience.of(3))
      c:close()
    end)

    it("raises bad arguments before any I/O, also through pcall and safe", function()
      local c = client()
      for _, id in ipairs { "", ("x"):rep(65), ".", "..", "a/b", "a\\b", "a%2Fb", "a?b", "a#b", "a b", "a\nb" } do
        local ok, err = pcall(c.enable, c, id)
        assert.is_false(ok)
        assert.are.equal("argument", err.kind)
        assert.matches("^workflow_id: ", err.message)
      end
      local ok, err = pcall(c.trigger, c, "wf-1", "toggle")
      assert.is_false(ok)
      assert.are.equal("argument", err.kind)
      assert.are.equal(0, simulator.state().counts.total)
      c:close()
    end)

    it("returns nil and the error through aom.safe", function()
      local c = assert(safe.client { endpoint = simulator.url, project_id = PROJECT, ak = AK, sk = SK,
        ca_file = simulator.ca_file, proxy = "" })
      assert.is_true(c:enable("wf-1").success)
      local result, err = c:enable "nobody"
      assert.is_nil(result)
      assert.are.equal(404, err.status)
      assert.is_true(c:close())
    end)

    it("hands the outcome to a callback", function()
      local c = client()
      local seen = {}
      c:trigger("wf-1", "enable", function(err, result) seen = { err = err, result = result } end)
      assert.is_nil(seen.err)
      assert.is_true(seen.result.success)
      c:trigger("nobody", "enable", function(err, result) seen = { err = err, result = result } end)
      assert.are.equal(404, seen.err.status)
      assert.is_nil(seen.result)
      c:close()
    end)
  end)
end

describe("a long token", function()
  it("of 40,960 bytes passes", function()
    local simulator = process.simulator {
      ak = AK, sk = SK, project = PROJECT, token = LONG_TOKEN, workflows = { "wf-1" },
    }
    local c = aom.client { endpoint = simulator.url, project_id = PROJECT, token = LONG_TOKEN, proxy = "" }
    assert.is_true(c:enable("wf-1").success)
    assert.are.equal(40960, simulator.state().requests[1].token_bytes)
    c:close()
    simulator.stop()
  end)
end)

describe("an endpoint with a path prefix", function()
  it("is signed and sent with it", function()
    local simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, catch_all = true }
    local c = aom.client {
      endpoint = simulator.url .. "/proxy/aom/", project_id = PROJECT, ak = AK, sk = SK, proxy = "",
    }
    c:enable "wf-1"
    assert.are.equal("/proxy/aom/v1/" .. PROJECT .. "/cms/workflow/wf-1/trigger/action?action=enable",
      simulator.state().requests[1].target)
    c:close()
    simulator.stop()
  end)
end)
