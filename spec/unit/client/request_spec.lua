--- Proves what `client:request` sends, refuses, and makes of an answer.

local client = require "aom.client.state"
local json = require "aom.util.json"
local methods = require "aom.client.methods"
local scripted = require "spec.support.scripted"
local world_of = require "spec.support.world"

local PROJECT, OTHER = ("0123456789abcdef"):rep(2), ("fedcba9876543210"):rep(2)
local OK = { status = 200, body = "{}" }

local function merged(...)
  local all = {}
  for _, fields in ipairs { ... } do
    for name, value in pairs(fields) do all[name] = value end
  end
  return all
end

local function open(answers, options)
  local world = world_of.new { random = { 0.5 } }
  local loop = scripted.new(world, answers or { OK })
  return assert(client.open(scripted.options(loop, options), world)), loop
end

--- Makes one request; returns what the user gets, and the loop.
local function run(given, options, answers)
  local state, loop = open(answers, options)
  local result, err = methods.request(state, merged({ method = "GET", path = "/v1/x" }, given))
  return result, err, loop
end

local TOKEN = { ak = false, sk = false, token = "tok-1234567890" }

describe("a request is sent", function()
  local function sent(given, options)
    local result, err, loop = run(given, options)
    assert.is_table(result, tostring(err))
    assert.are.equal(1, #loop.attempts)
    return loop.attempts[1]
  end

  for _, row in ipairs {
    { "a path", { path = "/v2/things" }, "/v2/things" },
    { "the project in it", { path = "/v1/{project_id}/x/{project_id}" }, "/v1/" .. PROJECT .. "/x/" .. PROJECT },
    { "another project in it", { path = "/v1/{project_id}", project_id = OTHER }, "/v1/" .. OTHER },
    { "the root", { path = "/" }, "/" },
    { "bytes that are encoded once", { path = "/a b/100%/%2F/ü/{" }, "/a%20b/100%25/%252F/%C3%BC/%7B" },
    { "dots that are names", { path = "/a..b/.c/..." }, "/a..b/.c/..." },
    { "a query by name", { query = { b = 2, a = "x y", c = true, d = "" } }, "/v1/x?a=x%20y&b=2&c=true&d=" },
    { "a query of pairs", { query = { { "a", 2 }, { "a", 1.5 }, { "b" } } }, "/v1/x?a=1.5&a=2&b=" },
  } do
    it("to " .. row[1], function()
      assert.are.equal("https://aom.example.com" .. row[3], sent(row[2]).wire.url)
    end)
  end

  for _, row in ipairs {
    { "none", nil, "" }, { "text as it is", "a=1", "a=1" }, { "an empty table as an object", {}, "{}" },
    { "a marked list", json.list {}, "[]" },
    { "lists and objects", { a = { 1, 2 }, b = { c = {} }, d = json.list {} }, '{"a":[1,2],"b":{"c":{}},"d":[]}' },
  } do
    it("with a body: " .. row[1], function()
      assert.are.equal(row[3], sent({ method = "POST", body = row[2] }).wire.body)
    end)
  end

  for _, row in ipairs {
    { "JSON unless it is said otherwise", nil, "application/json" },
    { "what is said", { ["content-type"] = "text/csv" }, "text/csv" },
  } do
    it("with a content type: " .. row[1], function()
      local headers, found = sent({ method = "PUT", body = "x", headers = row[2] }).wire.headers, {}
      for name, value in pairs(headers) do
        if name:lower() == "content-type" then found[#found + 1] = value end
      end
      assert.are.same({ row[3] }, found)
      local unsigned = row[3] ~= "application/json" and "UNSIGNED-PAYLOAD" or nil
      assert.are.equal(unsigned, headers["X-Sdk-Content-Sha256"])
    end)
  end

  it("with headers of its own, signed", function()
    local attempt = sent { headers = { ["X-Trace"] = 7, ["X-Tab"] = "a\tb" } }
    assert.are.same({ "7", "a\tb" }, { attempt.wire.headers["X-Trace"], attempt.wire.headers["X-Tab"] })
    assert.matches("SignedHeaders=content%-type;host;x%-project%-id;x%-sdk%-date;x%-tab;x%-trace,",
      attempt.wire.headers.Authorization)
  end)

  it("with the project's header", function()
    assert.are.equal(PROJECT, sent({}).wire.headers["X-Project-Id"])
    assert.are.equal(OTHER, sent({ project_id = OTHER }).wire.headers["X-Project-Id"])
  end)

  for method, idempotent in pairs { GET = true, HEAD = true, PUT = true, DELETE = true, OPTIONS = true, POST = false,
    PATCH = false, get = true } do
    it("by " .. method, function()
      local attempt = sent { method = method }
      assert.are.equal(method:upper(), attempt.wire.method)
      assert.are.equal(not idempotent, attempt.fresh)
      assert.is_true(attempt.all_headers)
    end)
  end
end)

describe("a request is sent again", function()
  local RESET = { kind = "network", message = "reset" }
  for _, row in ipairs {
    { "by its method", { method = "GET" }, 2 }, { "not by its method", { method = "POST" }, 1 },
    { "not by its method", { method = "PATCH" }, 1 },
    { "as is said", { method = "POST", idempotent = true }, 2 },
    { "not as is said", { method = "GET", idempotent = false }, 1 },
  } do
    it(row[1] .. ": " .. row[2].method, function()
      local result, err, loop = run(row[2], nil, { RESET, OK })
      assert.are.equal(row[3], #loop.attempts)
      assert.are.equal(row[3] == 2, result ~= nil)
      if err then assert.are.same({ "network", false, "request" }, { err.kind, err.retryable, err.operation }) end
    end)
  end
end)

describe("a request never leaves", function()
  local PATH, METHOD = "request.path: expected a path ", "request.method: expected GET, HEAD, PUT, DELETE, OPTIONS"
  for _, row in ipairs {
    { { method = false }, METHOD }, { { method = "CONNECT" }, METHOD }, { { method = "GET\r\n" }, METHOD },
    { { path = "v1" }, PATH .. "that starts with /" }, { { path = "" }, PATH .. "that starts with /" },
    { { path = false }, PATH .. "that starts with /" },
    { { path = "https://evil.example.com/" }, PATH .. "that starts with /" },
    { { path = "/a?b=1" }, PATH .. "without ? and #" }, { { path = "/a#b" }, PATH .. "without ? and #" },
    { { path = "/a/../b" }, PATH .. "without . and .." }, { { path = "/.." }, PATH .. "without . and .." },
    { { path = "/a/./b" }, PATH .. "without . and .." }, { { path = "/a\\..\\b" }, PATH .. "without . and .." },
    { { path = "/a\nb" }, PATH .. "without control characters" },
    { { path = "/v1/{projectid}" }, PATH .. "with no name in braces but {project_id}" },
    { { path = "/v1/{}" }, PATH .. "with no name in braces" },
    { { query = "a=1" }, "request.query: expected a list" },
    { { query = { a = {}, b = 1 } },
      'request.query: "a": expected a string, finite number or boolean, got a table' },
    { { query = { b = 1, limit = 0 / 0 } }, 'request.query: "limit": expected a string, finite number or boolean' },
    { { query = { [print] = "x" } }, "request.query: name: expected a string, finite number or boolean" },
    { { query = { { "b", 1 }, { "a", 0 / 0 } } }, 'request.query[2]: "a": expected a string, finite number' },
    { { query = { { "b", 1 }, { {}, "hush" } } }, "request.query[2]: name: expected a string, finite number" },
    { { query = { { "b", 1 }, { nil, "hush" } } }, "request.query[2]: name: expected a string, finite number" },
    { { query = { { "b", 1 }, "a=hush" } }, "request.query[2]: expected a { name, value } pair" },
    { { query = setmetatable({}, { __index = { a = 1 } }) }, "request.query: expected a list" },
    { { headers = { Authorization = "hush" } }, 'request.headers: the library sets "Authorization"' },
    { { headers = { ["content-length"] = 3 } }, 'request.headers: the library sets "content-length"' },
    { { headers = { A = "hush\r\nB: 1" } }, 'request.headers: "A": expected a value without control characters' },
    { { headers = { B = "1", A = {} } },
      'request.headers: "A": expected a string, finite number or boolean, got a table' },
    { { headers = { B = "1", A = 1 / 0 } }, 'request.headers: "A": expected a string, finite number or boolean' },
    { { headers = { A = "1", a = "2" } }, "differ only in case" },
    { { body = 5 }, "request.body: expected a string, or a table to send as JSON, got a number" },
    { { method = "POST", body = setmetatable({}, { __index = { a = 1 } }) },
      "request.body: expected plain tables, without metatables, got a table" },
    { { method = "POST", body = { a = { b = setmetatable({}, { __index = { a = 1 } }) } } },
      "request.body: expected plain tables, without metatables, got one with a metatable as a.b" },
    { { method = "POST", body = { 1, a = 2 } }, "request.body: cannot be written as JSON: a list has holes" },
    { { method = "POST", body = { list = { 1, { f = print } } } },
      "request.body: cannot be written as JSON: list[2].f: Cannot serialise function" },
    { { method = "POST", body = { list = { 1, { a = "hush", n = 0 / 0 } } } },
      "request.body: cannot be written as JSON: list[2].n: " },
    { { method = "HEAD", body = "x" }, "request.body: expected none in a HEAD request" },
    { { idempotent = 1 }, "request.idempotent: expected true or false" },
    { { project_id = "short" }, "request.project_id: expected a project id of 32" },
    { { endpoint = "http://ecs.example.com" },
      "request.endpoint: expected https://, or http:// to this machine, got http:// to another host" },
    { { endpoint = "https://u:p@ecs.example.com" }, "request.endpoint contains a user name or password" },
    { { endpoint = "https://ecs.example.com/?a" }, "request.endpoint contains a query" },
    { { pth = "/x" }, 'request: unknown field "pth"' },
  } do
    it(row[2] .. " " .. tostring(next(row[1])) .. tostring(row[1].path), function()
      local given = merged({ method = "GET", path = "/v1/x" }, row[1])
      for name, value in pairs(given) do if value == false and name ~= "idempotent" then given[name] = nil end end
      local state, loop = open()
      local result, err = methods.request(state, given)
      assert.is_nil(result)
      assert.are.equal("argument", err.kind)
      assert.matches(row[2], err.message, 1, true)
      assert.is_nil(err.message:find "hush")
      assert.are.equal(0, #loop.attempts)
    end)
  end

  it("from a closed client, or without a table", function()
    local state = open()
    assert.matches("request: expected a table of fields", (select(2, methods.request(state, "GET"))).message)
    client.close(state)
    assert.matches("closed", (select(2, methods.request(state, { method = "GET", path = "/" }))).message)
  end)
end)

describe("an answer to a request", function()
  local function answered(answer, given) return run(given or {}, nil, { answer }) end

  it("is its status, headers, body and data", function()
    local result = answered { status = 202, body = '{"a":[1,null,{"b":null}]}',
      headers = { ["X-Request-Id"] = "r-1", ["Set-Cookie"] = { "a=1", "b=2" }, ["ETag"] = { '"x"' } } }
    assert.are.equal(202, result.status)
    assert.is_true(result.success)
    assert.are.equal("r-1", result.request_id)
    assert.are.same({ ["x-request-id"] = "r-1", ["set-cookie"] = { "a=1", "b=2" }, etag = '"x"' }, result.headers)
    assert.are.equal('{"a":[1,null,{"b":null}]}', result.body)
    assert.are.equal(1, result.data.a[1])
    assert.are.same({}, result.data.a[3])
    assert.are.equal(1, result.attempts)
    assert.is_number(result.elapsed)
  end)

  for _, row in ipairs {
    { "204", { status = 204 } }, { "304", { status = 304 } }, { "text", { status = 200, body = "plain text" } },
    { "null", { status = 200, body = " null\n" } },
    { "a word in braces", { status = 200, body = '{"success"}' } },
    { "a page", { status = 200, body = "<html>x</html>", headers = { ["Content-Type"] = "text/html" } } },
  } do
    it("has no data if it is no JSON: " .. row[1], function()
      local result = answered(row[2])
      assert.are.equal(row[2].status, result.status)
      assert.is_nil(result.data)
      assert.are.equal(row[2].body or "", result.body)
    end)
  end

  for _, row in ipairs {
    { "404", { status = 404, body = '{"error_code":"ECS.0114","error_msg":"gone"}' }, "gone", "ECS.0114" },
    { "a redirect", { status = 302 }, "redirected" },
    { "a 2xx that states an error", { status = 200, body = '{"error_code":"AOM.1","error_msg":"no"}' }, "no", "AOM.1" },
  } do
    it("is an error as everywhere: " .. row[1], function()
      local result, err = answered(row[2])
      assert.is_nil(result)
      assert.are.same({ "service", row[2].status, row[3], row[4], "request", "GET", "https://aom.example.com/v1/x" },
        { err.kind, err.status, err.message, err.code, err.operation, err.method, err.url })
    end)
  end

  it("gives no advice that is for workflows alone", function()
    local _, err = answered({ status = 404, body = '{"error_code":"APIGW.0101","error_msg":"no such API"}' })
    assert.is_nil(err.hint)
  end)
end)

describe("another service", function()
  local KEYS = {}

  local function asked(endpoint, given, options)
    local result, err, loop = run(merged({ endpoint = endpoint }, given or {}), options or KEYS)
    return result, err, loop.attempts[1]
  end

  it("gets the request, signed for its host", function()
    local result, err, attempt = asked "https://ECS.example.com:8443/base/"
    assert.is_table(result, tostring(err))
    assert.are.equal("https://ecs.example.com:8443/base/v1/x", attempt.wire.url)
    assert.are.equal("ecs.example.com:8443", attempt.wire.headers.Host)
  end)

  it("may be on this machine without TLS", function()
    assert.is_table((asked "http://127.0.0.1:8080"))
    assert.is_table((asked "http://localhost:8080"))
  end)

  local CN4 = { endpoint = "https://aom.cn-north-4.myhuaweicloud.com" }
  local CN4_TOKEN = merged(TOKEN, CN4)
  for _, row in ipairs {
    -- host, options, whether a token goes there
    { "ecs.cn-north-4.myhuaweicloud.com", CN4_TOKEN, true },
    { "aom.cn-north-4.myhuaweicloud.com:8443", CN4_TOKEN, true },
    { "ecs.cn-south-1.myhuaweicloud.com", CN4_TOKEN, false },
    { "cn-north-4.myhuaweicloud.com", CN4_TOKEN, false },
    { "a.ecs.cn-north-4.myhuaweicloud.com", CN4_TOKEN, false },
    { "ecs.cn-north-4.myhuaweicloud.com.example.com", CN4_TOKEN, false },
    { "xcn-north-4.myhuaweicloud.com", CN4_TOKEN, false },
    { "ecs.example.com", CN4_TOKEN, false },
    { "ecs.example.com", merged(CN4_TOKEN, { token_hosts = { "x.example.com", "ECS.example.com" } }), true },
    { "ecs.example.com:8443", merged(CN4_TOKEN, { token_hosts = { "ecs.example.com" } }), true },
    { "ecs.example.com:8443", merged(CN4_TOKEN, { token_hosts = { "ecs.example.com:8443" } }), true },
    { "ecs.example.com", merged(CN4_TOKEN, { token_hosts = { "ecs.example.com:8443" } }), false },
    { "evil.com", merged(TOKEN, { endpoint = "https://aom.com" }), false },
    { "evil", merged(TOKEN, { endpoint = "https://aom" }), false },
    { "10.0.0.2", merged(TOKEN, { endpoint = "https://10.0.0.1" }), false },
    { "10.0.0.1:2", merged(TOKEN, { endpoint = "https://10.0.0.1:1" }), true },
    { "ecs.b.example.com", merged(TOKEN, { endpoint = "https://aom.a.example.com,https://aom.b.example.com" }), true },
    { "ecs.example.com", CN4, true },
  } do
    it(("%s a token of %s: %s"):format(row[3] and "gets" or "never gets", row[2].endpoint, row[1]), function()
      local result, err, attempt = asked("https://" .. row[1], { project_id = OTHER }, row[2])
      if row[3] then
        assert.is_table(result, tostring(err))
        return assert.are.equal(row[2].token, attempt.wire.headers["X-Auth-Token"])
      end
      assert.are.equal("config", err.kind)
      assert.matches("token_hosts", err.hint)
      assert.is_nil(attempt)
    end)
  end

  for _, row in ipairs {
    -- host, options, the region whose project is needed
    { "ecs.cn-north-4.myhuaweicloud.com", CN4 }, { "ecs.cn-south-1.myhuaweicloud.com", CN4, "cn-south-1" },
    { "obs.cn-south-1.example.com", CN4, "cn-south-1" }, { "ecs.eu-west-101.myhuaweicloud.eu", CN4, "eu-west-101" },
    { "ecs.example.com", CN4 }, { "db-prod-1.example.com", CN4 },
    { "ecs.cn-south-1.myhuaweicloud.com", merged(CN4, { region = "cn-south-1" }) },
    { "ecs.cn-south-1.myhuaweicloud.com", {}, "cn-south-1" },
  } do
    it(("in %s needs a project of its own: %s"):format(row[1], tostring(row[3])), function()
      local _, err, attempt = asked("https://" .. row[1], {}, row[2])
      if not row[3] then return assert.are.equal(PROJECT, attempt.wire.headers["X-Project-Id"]) end
      assert.are.equal("argument", err.kind)
      assert.matches("request.project_id: expected a project id of the endpoint's region " .. row[3], err.message,
        1, true)
      local _, _, other = asked("https://" .. row[1], { project_id = OTHER }, row[2])
      assert.are.equal(OTHER, other.wire.headers["X-Project-Id"])
    end)
  end

  it("keeps a pace of its own", function()
    local state, loop = open({ { status = 429, headers = { ["retry-after"] = "20" } }, OK }, { max_attempts = 1 })
    local elsewhere = { method = "POST", path = "/x", endpoint = "https://ecs.example.com" }
    assert.are.equal(429, (select(2, methods.request(state, elsewhere))).status)
    assert.is_table(methods.trigger(state, "w", "enable"))
    assert.are.equal(0, #loop.slept)
    assert.is_table(methods.request(state, elsewhere))
    assert.are.same({ 20 }, loop.slept)
  end)
end)

describe("a signature of V11", function()
  local V11 = { algorithm = "V11-HMAC-SHA256", region = "cn-north-4",
    endpoint = "https://aom.cn-north-4.myhuaweicloud.com" }

  local function scope(given)
    local _, err, loop = run(given, V11)
    return loop.attempts[1] and loop.attempts[1].wire.headers.Authorization:match "Credential=[^/]+/%d+/([^,]+)," or err
  end

  it("is for the service that is named, and the region that the host names", function()
    assert.are.equal("cn-north-4/aom", scope {})
    assert.are.equal("cn-north-4/lts", scope { service = "lts" })
    assert.are.equal("cn-north-4/ecs", scope { service = "ecs", endpoint = "https://ecs.cn-north-4.myhuaweicloud.com" })
    assert.are.equal("cn-south-1/ecs", scope { service = "ecs", project_id = OTHER,
      endpoint = "https://ecs.cn-south-1.myhuaweicloud.com" })
    assert.matches("request.service: expected the service that a signature of V11%-HMAC%-SHA256 is for, got nil",
      scope({ endpoint = "https://ecs.cn-north-4.myhuaweicloud.com" }).message)
  end)

  it("is made by one signer for a service, which ends with the client", function()
    local state, loop = open({ OK }, V11)
    local given = { method = "GET", path = "/x", service = "lts" }
    methods.request(state, given)
    methods.request(state, given)
    assert.are.equal(loop.attempts[1].signer, loop.attempts[2].signer)
    client.close(state)
    assert.matches("closed", tostring(loop.attempts[1].signer))
  end)
end)

describe("a request without a known project", function()
  local REGION = { project_id = false, region = "cn-north-4", endpoint = false }
  local FOUND = { status = 200, body = ('{"projects":[{"id":"%s","name":"cn-north-4"}]}'):format(OTHER) }

  it("looks it up only if its path needs it", function()
    local _, _, loop = run({ path = "/v3/projects" }, REGION, { OK })
    assert.are.equal(1, #loop.attempts)
    assert.is_nil(loop.attempts[1].wire.headers["X-Project-Id"])
    _, _, loop = run({ path = "/v1/{project_id}/x", project_id = PROJECT }, REGION, { OK })
    assert.are.equal(1, #loop.attempts)
    local result, err
    result, err, loop = run({ path = "/v1/{project_id}/x" }, REGION, { FOUND, OK })
    assert.is_table(result, tostring(err))
    assert.are.equal("https://aom.cn-north-4.myhuaweicloud.com/v1/" .. OTHER .. "/x", loop.attempts[2].wire.url)
    assert.are.equal(OTHER, loop.attempts[2].wire.headers["X-Project-Id"])
  end)
end)
