--- Proves that the simulator answers, authenticates and injects faults as its users expect, over
--- HTTP/1.1 and HTTP/2, with and without TLS; and that the specs' raw server does.

local digest = require "openssl.digest"
local hmac = require "openssl.hmac"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local quote = process.quote

local AK, SK, PROJECT = "AKSPEC00000000000001", "secret/of+the spec=", "0123456789abcdef0123456789abcdef"
local TOKEN = "token-of-the-spec"
local EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
local HOST = "aom.cn-north-4.myhuaweicloud.com"

local function trigger_path(id, project)
  return "/v1/" .. (project or PROJECT) .. "/cms/workflow/" .. id .. "/trigger/action"
end

local function header_words(headers)
  local words = {}
  for name, value in pairs(headers or {}) do
    -- curl's way to send a header without a value
    local text = value == "" and name .. ";" or name .. ": " .. value
    words[#words + 1] = "-H " .. quote(text)
  end
  return table.concat(words, " ")
end

local function parse_response(output)
  local text, status, version, connects = output:match("^(.*)\n(%d+) (%S+) (%d+)$")
  text = text:gsub("^HTTP/1.1 100 Continue\r\n\r\n", "")
  local head, body = text:match("^(.-)\r\n\r\n(.*)$")
  local response = { status = tonumber(status), version = version, connects = tonumber(connects) }
  response.headers, response.body = {}, body or text
  for name, value in (head or ""):gmatch("\n([^:\r\n]+): ([^\r\n]*)") do
    response.headers[name:lower()] = value
  end
  return response
end

-- One request by the curl command. `exit` is curl's own status.
local function request(sim, options)
  local command = table.concat({
    "curl -sS --noproxy '*' --max-time 10 --path-as-is --include --globoff",
    sim.ca_file and "--cacert " .. quote(sim.ca_file) or "",
    options.http or "",
    "-w '\\n%{http_code} %{http_version} %{num_connects}'",
    "-X", options.method or "PUT",
    header_words(options.headers),
    options.body and "--data-binary " .. quote(options.body) or "",
    quote(sim.url .. options.target),
    "2>/dev/null",
  }, " ")
  local output, exit = process.run(command)
  local response = parse_response(output)
  response.exit = exit
  return response
end

local function with_token(sim, options)
  options = options or {}
  return request(sim, {
    target = options.target or trigger_path("wf-1") .. "?action=" .. (options.action or "enable"),
    headers = { ["X-Auth-Token"] = options.token or TOKEN },
    http = options.http,
    body = options.body,
  })
end

local function to_hex(text)
  return (text:gsub(".", function(char)
    return string.format("%02x", char:byte())
  end))
end

local function stamp(offset)
  return os.date("!%Y%m%dT%H%M%SZ", os.time() + (offset or 0))
end

-- A request without the curl command, where only what the gateway makes of it matters.
local function ask(sim, options)
  local response = process.request(options.method or "PUT", sim.url .. options.target, options.body, options.headers)
  return response.status and response or error(response.error)
end

-- Signs a request that switches wf-1 on with OpenSSL; `changes` are what is different: ak, sk,
-- date, security_token.
local function signed(sim, changes)
  changes = changes or {}
  local date = changes.date or stamp()
  local host = sim.url:gsub("^https?://", "")
  local canonical = table.concat({ "PUT", trigger_path("wf-1") .. "/", "action=enable",
    "host:" .. host, "x-sdk-date:" .. date, "", "host;x-sdk-date", EMPTY_HASH }, "\n")
  local text = "SDK-HMAC-SHA256\n" .. date .. "\n" .. to_hex(digest.new("sha256"):final(canonical))
  local signature = to_hex(hmac.new(changes.sk or SK, "sha256"):final(text))
  return ask(sim, {
    target = trigger_path("wf-1") .. "?action=enable",
    headers = {
      ["X-Sdk-Date"] = date,
      ["X-Security-Token"] = changes.security_token,
      ["Authorization"] = "SDK-HMAC-SHA256 Access=" .. (changes.ak or AK)
        .. ", SignedHeaders=host;x-sdk-date, Signature=" .. signature,
    },
  }), canonical
end

local function assert_gateway_error(response, status, code, text)
  assert.equal(status, response.status)
  assert.truthy(response.body:find("\"error_code\":\"" .. code .. "\"", 1, true), response.body)
  assert.truthy(response.body:find(text, 1, true), response.body)
  local id = response.headers["x-request-id"]
  assert.truthy(response.body:find("\"request_id\":\"" .. id .. "\"", 1, true), response.body)
end

-- Made by the official SDKs; keys and ids are invented.
local KEY_1 = { ak = "HPUA0TESTKEY00000001", sk = "kT7/tQpW+exampleSecretKey0123456789abcdEF=" }
local KEY_2 = { ak = "HPUA0TESTKEY00000002", sk = "9cX1exampleSecretKeyWithoutPunctuation4242" }
local PROJECT_1, PROJECT_2 = "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "f0e1d2c3b4a5968778695a4b3c2d1e0f"
local WORKFLOW = "8f4b1c2e-6a1d-4e35-9d5b-0c7f3a9e1b42"
local LONG_TOKEN = "gQpjbi1ub3J0aC00" .. ("iTestSecurityToken0123456789+/"):rep(8) .. "=="

local vectors = {
  {
    name = "a published example without host",
    ak = "AccessKey", sk = "SecretKey", date = "20060102T150405Z", method = "GET",
    target = "/path?limit=1", headers = { TEST_UNDERSCORE = "TEST_VALUE" },
    names = "x-sdk-date",
    signature = "5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624",
  },
  {
    name = "a body that ends with a line feed",
    ak = "AccessKey", sk = "SecretKey", date = "20060102T150405Z", method = "POST",
    target = "/path?key=value", body = "{\"Name\":\"test\",\"Id\":1}\n",
    names = "x-sdk-date",
    signature = "cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2cc72fc9db4f59",
  },
  {
    name = "switching off",
    ak = KEY_2.ak, sk = KEY_2.sk, date = "20241231T235959Z",
    target = trigger_path(WORKFLOW, PROJECT_2) .. "?action=disable",
    headers = { Host = HOST, ["X-Project-Id"] = PROJECT_2 },
    names = "host;x-project-id;x-sdk-date",
    signature = "1e7b7f0d7f8a6c707cd678c9246f44e7db46a59c2a1e4505a470c35287d6763d",
  },
  {
    name = "a signed content type",
    ak = KEY_1.ak, sk = KEY_1.sk, date = "20250314T092653Z",
    target = trigger_path(WORKFLOW, PROJECT_1) .. "?action=enable",
    headers = { Host = HOST, ["X-Project-Id"] = PROJECT_1, ["Content-Type"] = "application/json" },
    names = "content-type;host;x-project-id;x-sdk-date",
    signature = "c5d53f8128041b3d67dc6bc569c2385a3c590df0545cbff6a7a0efbee81634ee",
  },
  {
    name = "a security token",
    ak = KEY_2.ak, sk = KEY_2.sk, security_token = LONG_TOKEN, date = "20250314T092653Z",
    target = trigger_path(WORKFLOW, PROJECT_1) .. "?action=enable",
    headers = { Host = HOST, ["X-Project-Id"] = PROJECT_1, ["X-Security-Token"] = LONG_TOKEN },
    names = "host;x-project-id;x-sdk-date;x-security-token",
    signature = "eb36f3a517f41ae6b88f1b6eb192150d1f553b8771972733d5ae5a7292663f61",
  },
  {
    name = "an encoded id",
    ak = KEY_1.ak, sk = KEY_1.sk, date = "20250102T030405Z",
    target = trigger_path("%E4%BB%BB%E5%8A%A1-%C3%A9-%F0%9F%98%80", PROJECT_1) .. "?action=enable",
    headers = { Host = HOST, ["X-Project-Id"] = PROJECT_1 },
    names = "host;x-project-id;x-sdk-date",
    signature = "6535a206b9c593294010d215d9c01bcd3faa3d517b69c3a4b41a60f5627c93da",
  },
  {
    name = "reserved characters in an unsorted query",
    ak = KEY_1.ak, sk = KEY_1.sk, date = "20250401T000004Z", method = "GET",
    target = "/v1/" .. PROJECT_1 .. "/cms/workflow?test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29"
      .. "&path=%2Ftmp%2F123&plus=a%20b%2Bc&tilde=~-_.&quotes=%27%22%3C%3E%60%7B%7D%7C%5C%5E"
      .. "&a%5B0%5D=x%3Ay%40z%3Bw%2C%24",
    headers = { Host = HOST },
    names = "host;x-sdk-date",
    signature = "e0a1d643e03ae24958d9706326444d699ff0a77cb9abee3f19cbd8e13eab42e5",
  },
  {
    name = "empty and padded headers",
    ak = KEY_1.ak, sk = KEY_1.sk, date = "20250314T092653Z",
    target = trigger_path(WORKFLOW, PROJECT_1) .. "?action=enable",
    headers = { Host = HOST, ["X-Project-Id"] = PROJECT_1, ["X-Note"] = "  two  words \t", ["X-Empty"] = "",
      ["X-Blank"] = "   " },
    names = "host;x-blank;x-empty;x-note;x-project-id;x-sdk-date",
    signature = "35bddc83e8c861b917e369ce53bd0790ee4501702ebca6d77d0ac7471bd94fca",
  },
  {
    name = "SM3",
    algorithm = "SDK-HMAC-SM3",
    ak = KEY_1.ak, sk = KEY_1.sk, date = "20250314T092653Z",
    target = trigger_path(WORKFLOW, PROJECT_1) .. "?action=enable",
    headers = { Host = HOST, ["X-Project-Id"] = PROJECT_1 },
    names = "host;x-project-id;x-sdk-date",
    signature = "10cd99d4afdd91ae3794c7b04560afac5451357461ef142f63d41564235b3785",
  },
  {
    name = "ECDSA",
    algorithm = "SDK-ECDSA-P256-SHA256",
    ak = KEY_1.ak, sk = KEY_1.sk, date = "20250314T092653Z",
    target = trigger_path(WORKFLOW, PROJECT_1) .. "?action=enable",
    headers = { Host = HOST, ["X-Project-Id"] = PROJECT_1 },
    names = "host;x-project-id;x-sdk-date",
    signature = "3044022100b243cfc2f7dfd8762199f068c18e6f9adb19081ccf8195a96bda8594488adc9a021f777216f78cf0eb93266be"
      .. "4478d71217d0401ec6ff7de4643e68945b566a4df",
  },
  {
    name = "SM2",
    algorithm = "SDK-SM2-SM3",
    ak = KEY_1.ak, sk = KEY_1.sk, date = "20250314T092653Z",
    target = trigger_path(WORKFLOW, PROJECT_1) .. "?action=enable",
    headers = { Host = HOST, ["X-Project-Id"] = PROJECT_1 },
    names = "host;x-project-id;x-sdk-date",
    signature = "30450220726790306408b780a011c7a10c80f1f20ee81b7cb942685221e13a18471a4071022100a7a3c5ea95ce29fc8a49"
      .. "87004caceb5e01f1450d61322219dfa467c835729733",
  },
  {
    name = "a scoped key",
    algorithm = "V11-HMAC-SHA256", scope = "/20250314/cn-north-4/aom",
    ak = KEY_1.ak, sk = KEY_1.sk, date = "20250314T092653Z",
    target = trigger_path(WORKFLOW, PROJECT_1) .. "?action=enable",
    headers = { Host = HOST, ["X-Project-Id"] = PROJECT_1 },
    names = "host;x-project-id;x-sdk-date",
    signature = "17097f8999d84bf84c2068a88aef5d318ea52c49f5db4aeaac8d0f890fee1cae",
  },
}

local function send_vector(sim, vector, signature)
  sim.set {
    keys = { [vector.ak] = { sk = vector.sk, security_token = vector.security_token } },
    projects = { [PROJECT_1] = true, [PROJECT_2] = true },
    time = vector.date,
  }
  local headers = { ["X-Sdk-Date"] = vector.date }
  for name, value in pairs(vector.headers or {}) do
    headers[name] = value
  end
  headers.Authorization = string.format("%s %s, SignedHeaders=%s, Signature=%s",
    vector.algorithm or "SDK-HMAC-SHA256",
    vector.scope and "Credential=" .. vector.ak .. vector.scope or "Access=" .. vector.ak,
    vector.names, signature)
  return ask(sim, {
    method = vector.method,
    target = vector.target,
    headers = headers,
    body = vector.body,
  })
end

local function with_wrong_digit(signature)
  local last = signature:sub(-1) == "0" and "1" or "0"
  return signature:sub(1, -2) .. last
end

local function describe_simulator(title, options)
  describe("the simulator over " .. title, function()
    local sim

    setup(function()
      sim = process.simulator(options)
    end)

    teardown(function()
      sim.stop()
    end)

    before_each(function()
      sim.reset()
    end)

    describe("answers", function()
      it("a right call and switches the workflow", function()
        local response = with_token(sim)
        assert.equal(200, response.status)
        assert.equal("{\"success\"}", response.body)
        assert.equal(options.tls and "2" or "1.1", response.version)
        assert.equal(32, #response.headers["x-request-id"])
        assert.equal("enable", sim.state().workflows["wf-1"].trigger_status)
        assert.equal(200, with_token(sim, { action = "disable" }).status)
        assert.equal(200, with_token(sim, { action = "disable" }).status)
        local workflow = sim.state().workflows["wf-1"]
        assert.equal("disable", workflow.trigger_status)
        assert.equal(2, workflow.changes)
        assert.equal(3, #workflow.history)
      end)

      it("an action that does not exist", function()
        local response = with_token(sim, { action = "pause" })
        assert.equal(400, response.status)
        assert.equal("{\"error_code\":\"AOM.31001302\",\"error_msg\":\"Invalid param\",\"http_code\":400}",
          response.body)
      end)

      it("an unknown workflow, unless it may make one", function()
        local target = trigger_path("new%20one") .. "?action=enable"
        local response = with_token(sim, { target = target })
        assert.equal(404, response.status)
        assert.truthy(response.body:find("\"http_code\":404", 1, true))
        sim.set { auto_create = true }
        assert.equal(200, with_token(sim, { target = target }).status)
        assert.equal("enable", sim.state().workflows["new one"].trigger_status)
      end)

      it("another project and another path", function()
        local target = trigger_path("wf-1", PROJECT_1) .. "?action=enable"
        assert.equal(403, with_token(sim, { target = target }).status)
        assert_gateway_error(with_token(sim, { target = "/v1/nothing" }), 404, "APIGW.0101", "not exist")
      end)

      it("what is too long", function()
        local target = trigger_path("wf-1") .. "?action=enable&x=" .. ("x"):rep(33000)
        assert.equal(414, with_token(sim, { target = target }).status)
        assert.equal(494, with_token(sim, { token = ("t"):rep(40961) }).status)
      end)
    end)

    describe("authentication", function()
      for _, vector in ipairs(vectors) do
        it("accepts " .. vector.name .. " and refuses it with one wrong digit", function()
          sim.set { auto_create = true, catch_all = true }
          local response = send_vector(sim, vector, vector.signature)
          assert.equal(200, response.status, response.body)
          response = send_vector(sim, vector, with_wrong_digit(vector.signature))
          assert_gateway_error(response, 401, "APIGW.0301", "verify aksk signature fail")
        end)
      end

      it("accepts a fresh signature and refuses it with another secret", function()
        local response = signed(sim)
        assert.equal(200, response.status, response.body)
        assert.equal(401, signed(sim, { sk = "something else" }).status)
        assert.equal(1, sim.state().counts.signature_failures[AK])
      end)

      it("tells tokens apart", function()
        sim.set { tokens = { old = { expired = true } } }
        assert_gateway_error(with_token(sim, { token = "old" }), 401, "APIGW.0307", "must be updated")
        assert_gateway_error(with_token(sim, { token = "bad" }), 401, "APIGW.0301", "decrypt token fail")
        local response = request(sim, { target = trigger_path("wf-1") .. "?action=enable" })
        assert_gateway_error(response, 401, "APIGW.0301", "Incorrect IAM authentication information")
        sim.set { tokens = { [TOKEN] = false } }
        assert.equal(401, with_token(sim).status)
      end)

      it("takes the longest token that is documented", function()
        local token = ("tok3n+/="):rep(5120)
        sim.set { tokens = { [token] = true } }
        assert.equal(200, with_token(sim, { token = token }).status)
        assert.equal(40960, sim.state().requests[1].token_bytes)
      end)
    end)

    describe("scripts", function()
      it("answer with a status, as often as said, and are used up", function()
        sim.script { { status = 503, times = 2, headers = { ["Retry-After"] = "7" } }, { status = 429 } }
        assert.equal(3, sim.state().script_pending)
        local response = with_token(sim)
        assert_gateway_error(response, 503, "APIGW.0613", "unavailable")
        assert.equal("7", response.headers["retry-after"])
        assert.equal(503, with_token(sim).status)
        assert.equal(429, with_token(sim).status)
        assert.equal(200, with_token(sim).status)
      end)

      it("answer with any body, and wait for the request they match", function()
        sim.script { { match = "/wf-2/", status = 500, body = "<html>" }, { status = 200, body = "" } }
        assert.equal("", with_token(sim).body)
        local response = with_token(sim, { target = trigger_path("wf-2") .. "?action=enable" })
        assert.equal(500, response.status)
        assert.equal("<html>", response.body)
      end)

      it("close before an answer", function()
        sim.script { { close = "before_answer" } }
        local response = with_token(sim)
        assert.equal(0, response.status)
        assert.not_equal(0, response.exit)
        assert.equal("disable", sim.state().workflows["wf-1"].trigger_status)
      end)

      it("close in the middle of a body", function()
        sim.script { { close = "mid_body" } }
        local response = with_token(sim)
        assert.equal(18, response.exit)
        assert.equal("{\"suc", response.body)
      end)

      it("drop the answer of what was done", function()
        sim.script { { drop = true } }
        assert.not_equal(0, with_token(sim).exit)
        local state = sim.state()
        assert.equal("enable", state.workflows["wf-1"].trigger_status)
        assert.equal("dropped", state.requests[1].outcome)
        assert.is_nil(state.counts.by_status["200"])
      end)

      it("delay, and hang", function()
        sim.script { { delay = 0.3 }, { hang = 0.3 } }
        assert.equal(200, with_token(sim).status)
        assert.not_equal(0, with_token(sim).exit)
        assert.equal(200, with_token(sim).status)
        local requests = sim.state().requests
        assert.equal("hung", requests[2].outcome)
        assert.is_true(requests[2].at - requests[1].at >= 0.3)
        assert.is_true(requests[3].at - requests[2].at >= 0.3)
      end)

      it("close after an answer that promised to stay", function()
        sim.script { { close = "after_answer" } }
        local url = quote(sim.url .. trigger_path("wf-1") .. "?action=enable")
        -- the pause lets curl notice the end before it would use the connection again
        local output = process.run("curl -sS --noproxy '*' --max-time 10 --rate 120/m -X PUT "
          .. "-o /dev/null -o /dev/null "
          .. (sim.ca_file and "--cacert " .. quote(sim.ca_file) or "") .. " -H 'X-Auth-Token: " .. TOKEN
          .. "' -w '%{http_code} %{num_connects}\\n' " .. url .. " " .. url)
        assert.equal("200 1\n200 1\n", output)
        assert.equal(2, sim.state().connections.opened)
      end)

      it("are refused whole when one entry is wrong", function()
        for _, entry in ipairs { { stauts = 500 }, { status = "500" }, { close = "later" }, { times = 0 },
          { headers = { ["Content-Length"] = "3" } }, { headers = { ["X-A"] = "b\r\nX-C: d" } } } do
          assert.has_error(function()
            sim.script { { status = 500 }, entry }
          end)
        end
        assert.equal(0, sim.state().script_pending)
      end)
    end)

    describe("control", function()
      it("shows requests without their secrets", function()
        signed(sim)
        with_token(sim)
        local state = sim.state()
        local first, second = state.requests[1], state.requests[2]
        assert.equal(AK, first.ak)
        assert.equal("host;x-sdk-date", first.signed_headers)
        assert.equal("PUT", first.method)
        assert.equal("wf-1", first.workflow_id)
        assert.equal("enable", first.action)
        assert.equal(200, first.status)
        assert.is_true(first.has_authorization)
        assert.is_false(second.has_authorization)
        assert.equal(#TOKEN, second.token_bytes)
        assert.equal(2, state.counts.total)
        assert.equal(2, state.counts.by_status["200"])
        assert.equal(2, state.connections.opened)
        assert.equal(0, state.connections.open)
        local text = request(sim, { method = "GET", target = "/_simulator/state" }).body
        assert.truthy(text:find("wf-1", 1, true))
        assert.is_nil(text:find(TOKEN, 1, true))
        assert.is_nil(text:find(SK, 1, true))
      end)

      it("changes answers", function()
        sim.set {
          success_body = "{\"result\":\"success\"}",
          response_headers = { ["X-Extra"] = { "a", "b" } },
        }
        local response = with_token(sim)
        assert.equal("{\"result\":\"success\"}", response.body)
        assert.equal("b", response.headers["x-extra"])
      end)

      it("refuses settings that do not exist and changes nothing then", function()
        for _, changes in ipairs { { latncy = 1 }, { latency = -1 }, { keys = { A = true } },
          { time = "x" } } do
          changes.success_body = "changed"
          assert.has_error(function()
            sim.set(changes)
          end)
        end
        assert.equal("{\"success\"}", sim.state().settings.success_body)
      end)

      it("goes back to the start", function()
        sim.set { latency = 5, tokens = { more = true }, workflows = { ["wf-1"] = false, ["wf-9"] = true } }
        sim.script { { status = 500 } }
        sim.reset()
        local state = sim.state()
        assert.equal(0, state.settings.latency)
        assert.equal(1, state.settings.tokens)
        assert.equal(0, state.script_pending)
        assert.is_nil(state.workflows["wf-9"])
        assert.equal("disable", state.workflows["wf-1"].trigger_status)
        assert.same({}, state.requests)
      end)
    end)

    it("serves two hundred connections at once", function()
      sim.set { latency = 0.5 }
      local before = os.time()
      local output = process.run("curl -sS --noproxy '*' --no-progress-meter --parallel --parallel-max 200 "
        .. "--parallel-immediate --http1.1 -X PUT -o /dev/null -w '%{http_code}\\n' "
        .. (sim.ca_file and "--cacert " .. quote(sim.ca_file) or "") .. " -H 'X-Auth-Token: " .. TOKEN .. "' "
        .. quote(sim.url .. trigger_path("wf-1") .. "?action=enable&n=[1-200]"))
      local _, successes = output:gsub("200\n", "")
      assert.equal(200, successes)
      assert.is_true(os.time() - before < patience.of(30))
      assert.equal(200, sim.state().connections.opened)
    end)
  end)
end

local options = { ak = AK, sk = SK, project = PROJECT, token = TOKEN, workflows = { "wf-1", "wf-2" } }

local function with_tls()
  local copy = { tls = true }
  for name, value in pairs(options) do
    copy[name] = value
  end
  return copy
end

-- What depends only on the request is the same over every transport.
describe("the simulator's gateway", function()
  local sim

  setup(function()
    sim = process.simulator(options)
  end)

  teardown(function()
    sim.stop()
  end)

  before_each(function()
    sim.reset()
  end)

  it("echoes the canonical request, if it may", function()
    local response, canonical = signed(sim, { sk = "wrong" })
    assert_gateway_error(response, 401, "APIGW.0301",
      "Incorrect IAM authentication information: verify aksk signature fail, canonicalRequest:"
        .. canonical:gsub("\n", "|") .. "\"")
    sim.set { echo_canonical = false }
    assert.is_nil(signed(sim, { sk = "wrong" }).body:find("canonicalRequest", 1, true))
  end)

  it("does not know a key", function()
    assert_gateway_error(signed(sim, { ak = "NOBODY" }), 401, "APIGW.0301",
      "Get secretKey failed,ak:NOBODY,err:ak not exist")
  end)

  it("locks a key after five wrong signatures in a row, for five minutes", function()
    for _ = 1, 5 do
      assert.truthy(signed(sim, { sk = "wrong" }).body:find("verify aksk signature fail", 1, true))
    end
    local limit = "AK access failed to reach the limit,forbidden"
    assert_gateway_error(signed(sim, { sk = "wrong" }), 401, "APIGW.0301", limit)
    assert_gateway_error(signed(sim), 401, "APIGW.0301", limit)
    sim.set { clock_offset = 310 }
    assert.equal(200, signed(sim).status)
  end)

  it("forgives wrong signatures after a right one, and all when the lock is off", function()
    for _ = 1, 2 do
      for _ = 1, 4 do
        signed(sim, { sk = "wrong" })
      end
      assert.equal(200, signed(sim).status)
    end
    sim.set { lock = false }
    for _ = 1, 7 do
      signed(sim, { sk = "wrong" })
    end
    assert.equal(200, signed(sim).status)
  end)

  it("refuses dates outside of fifteen minutes, and names both", function()
    sim.set { time = "20211217T065804Z" }
    assert.equal(200, signed(sim, { date = "20211217T064330Z" }).status)
    assert.equal(200, signed(sim, { date = "20211217T071300Z" }).status)
    local response = signed(sim, { date = "20211217T064302Z" })
    assert_gateway_error(response, 401, "APIGW.0301",
      "signature expired, signature time:20211217T064302Z,server time:20211217T0658")
    assert.equal("Fri, 17 Dec 2021 06:58:", response.headers.date:sub(1, 23))
    assert.equal(401, signed(sim, { date = "20211217T072000Z" }).status)
    assert.equal(nil, sim.state().counts.signature_failures[AK])
  end)

  it("refuses dates that are none", function()
    for _, date in ipairs { "20250431T000000Z", "2025-04-01T00:00:00Z", "now" } do
      assert_gateway_error(signed(sim, { date = date }), 401, "APIGW.0301", "x-sdk-date")
    end
  end)

  it("wants the right security token with a temporary key", function()
    sim.set { keys = { [AK] = { sk = SK, security_token = "temporary" } } }
    assert.equal(200, signed(sim, { security_token = "temporary" }).status)
    assert.equal(401, signed(sim, { security_token = "other" }).status)
    assert.equal(401, signed(sim).status)
  end)
end)

describe_simulator("HTTP/1.1", options)
describe_simulator("HTTP/2 with TLS", with_tls())

describe("a simulator process", function()
  local sim

  after_each(function()
    sim.stop()
  end)

  local function is_running()
    local state = process.run("ps -o stat= -p " .. sim.pid)
    return state ~= "" and state:sub(1, 1) ~= "Z"
  end

  it("ends with its lifetime", function()
    sim = process.simulator { lifetime = 0.3 }
    process.sleep(1)
    assert.is_false(is_running())
  end)

  it("ends when it is told to, and takes its certificate along", function()
    sim = process.simulator { tls = true }
    local file = io.open(sim.ca_file)
    assert.truthy(file)
    file:close()
    assert.is_true(is_running())
    sim.stop()
    assert.is_false(is_running())
    assert.is_nil(io.open(sim.ca_file))
  end)

  it("refuses bodies over its limit and clients that leave in the middle of one", function()
    sim = process.simulator { token = TOKEN, workflows = { "wf-1" } }
    local path = os.tmpname()
    process.run("head -c 13000000 /dev/zero > " .. path)
    local base = "curl -sS --noproxy '*' -X PUT -o /dev/null -w '%{http_code}' -H 'X-Auth-Token: " .. TOKEN
      .. "' --data-binary @" .. path .. " " .. sim.url .. trigger_path("wf-1") .. "?action=enable "
    assert.equal("413", process.run(base))
    assert.equal("413", process.run(base .. "-H Expect:"))
    process.run(base .. "-H Expect: --limit-rate 1000000 --max-time 0.3 2>/dev/null")
    assert.equal(200, with_token(sim).status)
    os.remove(path)
  end)
end)

describe("the raw server", function()
  local OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
  local server

  after_each(function()
    server.stop()
  end)

  local function get(count, words)
    local urls = {}
    for i = 1, count do
      urls[i] = "-o /dev/null " .. quote(server.url .. "/" .. i)
    end
    return process.run("curl -sS --noproxy '*' --max-time 2 -w '%{http_code} %{num_connects} %{exitcode}\\n' "
      .. (words or "") .. " " .. table.concat(urls, " ") .. " 2>/dev/null")
  end

  it("gives each connection its answer", function()
    server = process.rawserver { replies = { OK, (OK:gsub("200", "201")) } }
    assert.equal("200 1 0\n201 1 0\n201 1 0\n", (get(3)))
    local requests = server.requests()
    assert.equal(3, #requests)
    assert.equal("GET /2 HTTP/1.1", requests[2].line)
    assert.equal("*/*", requests[2].headers.accept)
    assert.equal(3, requests[3].connection)
  end)

  it("lets a connection die after some answers", function()
    server = process.rawserver { replies = { OK, OK }, keep_alive = true }
    assert.equal("200 1 0\n200 0 0\n200 1 0\n", (get(3)))
  end)

  it("resets, holds and falls silent", function()
    local half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
    server = process.rawserver { replies = { half }, ["then"] = "reset" }
    assert.equal("200 1 56\n", (get(1)))
    server.stop()
    server = process.rawserver { replies = { "HTTP/1.1 200" }, ["then"] = "hold" }
    assert.equal("000 1 28\n", (get(1)))
  end)

  it("answers unasked, in pieces and without end, over TLS too", function()
    server = process.rawserver { replies = { OK }, no_read = true, chunk = 7, gap = 0.02 }
    assert.equal("200 1 0\n", (get(1)))
    server.stop()
    local kilobyte = "HTTP/1.1 200 OK\r\n\r\n" .. ("x"):rep(981)
    server = process.rawserver { replies = { kilobyte }, ["repeat"] = 5000 }
    local size = process.run("curl -sS --noproxy '*' --max-time 5 " .. server.url .. " | wc -c")
    assert.equal(5000 * 1000 - 19, tonumber(size))
    server.stop()
    server = process.rawserver { replies = { OK }, tls = true }
    assert.equal("200 1 0\n", (get(1, "--cacert " .. quote(server.ca_file))))
  end)
end)
