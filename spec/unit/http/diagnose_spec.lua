--- Proves the hints on refused signatures, on other refusals, and on calls without a response.

local advice = require "aom.http.advice"
local explain = require "aom.http.diagnose"

local LINES = {
  "PUT", "/v1/p/cms/workflow/w/trigger/action/", "action=enable",
  "content-type:application/json", "host:aom.example.com", "x-project-id:p", "x-sdk-date:20260102T030405Z",
  "x-security-token:hush-token", "",
  "content-type;host;x-project-id;x-sdk-date;x-security-token", ("e3"):rep(32),
}
local OURS = table.concat(LINES, "\n")
local PREFIX = "Incorrect IAM authentication information: verify aksk signature fail, canonicalRequest:"

-- The gateway's message, with other lines in some places; false omits a line.
local function echo(changes)
  local lines = {}
  for i, line in ipairs(LINES) do
    local change = changes and changes[i]
    if change ~= false then lines[#lines + 1] = change or line end
  end
  return PREFIX .. table.concat(lines, "|")
end

local function difference(changes) return explain.difference(OURS, echo(changes)) end

describe("the line that differs", function()
  local cases = {
    { "method", { [1] = "POST" }, 'the method differs: this client signed "PUT", the gateway saw "POST"' },
    { "path", { [2] = "/v1/p/" }, 'the path differs: this client signed "/v1/p/cms/workflow/w/trigger/action/", '
      .. 'the gateway saw "/v1/p/"' },
    { "query", { [3] = "" }, 'the query differs: this client signed "action=enable", the gateway saw ""' },
    { "first header", { [4] = "content-type:text/plain" }, 'the header content-type differs: this client signed '
      .. '"content-type:application/json", the gateway saw "content-type:text/plain"' },
    { "host", { [5] = "host:10.0.0.1" }, 'the header host differs: this client signed "host:aom.example.com", '
      .. 'the gateway saw "host:10.0.0.1"' },
    { "date", { [7] = "x-sdk-date:20260102T030406Z" }, 'the header x-sdk-date differs: this client signed '
      .. '"x-sdk-date:20260102T030405Z", the gateway saw "x-sdk-date:20260102T030406Z"' },
    { "signed headers", { [10] = "host;x-sdk-date" }, 'the list of signed headers differs: this client signed '
      .. '"' .. LINES[10] .. '", the gateway saw "host;x-sdk-date"' },
    { "payload hash", { [11] = "UNSIGNED-PAYLOAD" }, 'the payload hash differs: this client signed "' .. LINES[11]
      .. '", the gateway saw "UNSIGNED-PAYLOAD"' },
    { "first of several lines", { [3] = "x", [5] = "y" }, 'the query differs: this client signed "action=enable", '
      .. 'the gateway saw "x"' },
  }
  for _, case in ipairs(cases) do
    it("is the " .. case[1], function() assert.are.equal(case[3], difference(case[2])) end)
  end

  it("shows no token, on either side", function()
    assert.are.equal("the header x-security-token differs: this client signed x-security-token:***, "
      .. "the gateway saw x-security-token:***", difference { [8] = "x-security-token:other" })
    for _, name in ipairs { "x-auth-token", "X-Auth-Token", "authorization", "X-Security-Token" } do
      local hint = difference { [4] = name .. ":hush-2" }
      assert.is_truthy(hint:find(name .. ":***", 1, true))
      assert.is_nil(hint:find("hush", 1, true))
    end
  end)

  it("is cut when it is long", function()
    local hint = difference { [3] = ("q"):rep(1000) }
    assert.matches('saw "' .. ("q"):rep(120) .. '…"$', hint)
    assert.matches('saw "' .. ("q"):rep(120) .. '…"$', difference { [3] = ("q"):rep(121) })
    assert.matches('saw "' .. ("q"):rep(120) .. '"$', difference { [3] = ("q"):rep(120) })
  end)

  it("is none if all are equal, and then the key is wrong", function()
    assert.are.equal("the gateway computed the same canonical request, so the secret key does not belong to "
      .. "the access key", difference {})
  end)

  for name, changes in pairs { fewer = { [4] = false }, more = { [4] = "content-type:a|x-forwarded-for:b" } } do
    it(("cannot be told when the gateway saw %s lines"):format(name), function()
      assert.are.equal(("the gateway computed a canonical request of %d lines and this client one of 11: headers "
        .. "were added or removed on the way"):format(name == "more" and 12 or 10), difference(changes))
    end)
  end

  it("is not given if one of our headers holds the line separator", function()
    assert.is_nil(explain.difference((OURS:gsub("application/json", "a|b")), echo { [4] = "content-type:a|b" }))
  end)

  for name, message in pairs { nothing = "", ["another reason"] = "verify aksk signature fail", ["half a word"] =
    "canonicalReq" } do
    it(("is unknown when the message holds %s"):format(name), function()
      assert.is_nil(explain.difference(OURS, message))
    end)
  end

  it("may be an empty echo", function()
    assert.matches("of 1 lines and this client one of 11", explain.difference(OURS, PREFIX))
  end)
end)

describe("advice", function()
  local IAM = "Incorrect IAM authentication information: "
  local cases = {
    { "an unknown key", 401, "APIGW.0301", IAM .. "Get secretKey failed,ak:x,err:ak not exist",
      "the access key does not exist or was deleted: check it, and that ak and sk are not swapped" },
    { "an unknown key, in other words", 401, "APIG.0301", IAM .. "ak HPUAXXXX not exist",
      "does not exist or was deleted" },
    { "an unknown key, in capitals", 401, "APIGW.0301", "AK:HPUA does not exist", "does not exist or was deleted" },
    { "something else of a key's", 401, "APIGW.0301", IAM .. "ak:x project not exist", nil },
    { "a key's project that does not exist", 401, "APIGW.0301", IAM .. "project of ak:x, region not exist", nil },
    { "a word that ends in ak", 401, "APIGW.0301", IAM .. "the leak not exist", nil },
    { "what the service behind the gateway says", 401, "AOM.0403", "reach the limit, ak not exist", nil },
    { "an unknown key, told by who knows whom", 401, nil, "ak not exist", nil },
    { "a token of elsewhere, told by who knows whom", 401, nil, "decrypt token fail", nil },
    { "a lock that a page tells of", 401, nil, "reach the limit", nil },
    { "a lock, under another code of the gateway's", 401, "APIG.0305", "reach the limit", "locked this access key" },
    { "an unpublished API of a service's", 404, "AOM.0101", "no", nil },
    { "an expired token of a service's", 401, "AOM.0307", "no", nil },
    { "a locked key", 401, "APIGW.0301", IAM .. "AK access failed to reach the limit,forbidden",
      "locked this access key for five minutes" },
    { "a token of elsewhere", 401, "APIGW.0301", IAM .. "decrypt token fail", "issued in another region" },
    { "an expired token", 401, "APIGW.0307", "The token must be updated", "the token has expired" },
    { "an expired token, at another gateway", 401, "APIG.0307", "The token must be updated",
      "the token has expired" },
    { "any other 401", 401, "APIGW.0301", IAM .. "verify aksk signature fail", nil },
    { "a 401 without a code", 401, nil, "not authenticated", nil },
    { "a missing permission", 403, "APIGW.0302", "denied", "cms:workflow:update" },
    { "another service's permission", 403, "CMS.00000403", "denied", "cms:workflow:update" },
    { "a firewall's 403", 403, nil, "forbidden", nil },
    { "a proxy's 403 with a code", 403, "403", "forbidden", nil },
    { "a web firewall's 403", 403, "WAF.0403", "blocked", nil },
    { "what the identity service forbids", 403, "IAM.0003", "denied", nil },
    { "a project that is not there", 403, "APIGW.0310", "unavailable", nil },
    { "an address that is not allowed", 403, "APIGW.0402", "denied", "does not accept calls from this address" },
    { "an address that the backend denies", 403, "APIG.0404", "denied", "does not accept calls from this address" },
    { "an unknown address", 403, "APIGW.0401", "denied", "does not accept calls from this address" },
    { "a permission of the service's", 403, "AOM.0403", "denied", "cms:workflow:update" },
    { "another account's project", 403, "AOM.0403", "The project id does not belong to the caller",
      "the project id belongs to another account or region, or the user lacks cms:workflow:update in it" },
    { "another account's project, at the gateway", 403, "APIGW.0302", "no right to access this Project",
      "the project id belongs to another account or region" },
    { "a project, told by who knows whom", 403, nil, "no such project", nil },
    { "a project that is frozen", 403, "APIGW.0310", "The project is unavailable", nil },
    { "multiple choices", 300, nil, "choose", "redirects are never followed" },
    { "a redirect", 302, nil, "found elsewhere", "redirects are never followed" },
    { "not modified", 304, nil, "not modified", nil },
    { "a proxy to use", 305, nil, "use proxy", nil },
    { "see other", 303, nil, "see other", "redirects are never followed" },
    { "another 404", 404, "AOM.1", "no such workflow", nil },
    { "400", 400, "AOM.31001302", "Invalid param", nil },
    { "429", 429, "APIGW.0308", "too many", nil },
    { "500", 500, nil, "internal error", nil },
  }
  for _, case in ipairs(cases) do
    it("is given on " .. case[1], function()
      local hint = advice.refusal({ status = case[2], code = case[3] }, case[4],
        { region = "ru-moscow-1", permission = "cms:workflow:update" })
      if case[5] then assert.is_truthy(hint and hint:find(case[5], 1, true), hint) else assert.is_nil(hint) end
    end)
  end

  local UNPUBLISHED = { status = 404, code = "APIGW.0101", message = "API not found" }

  it("names the permission that the operation needs, where that is known", function()
    local denied = { status = 403, code = "APIGW.0302" }
    assert.matches("needs cms:workflow:list$", advice.refusal(denied, "", { permission = "cms:workflow:list" }))
    assert.matches("in this project$", advice.refusal(denied, "", {}))
  end)

  it("names where the project comes from, where that is known", function()
    local function hint(said)
      return advice.refusal({ status = 403, code = "APIGW.0302" }, said, { project_from = "X" })
    end
    assert.matches("^the project id %(from X%) belongs to", hint "no right to access this project")
    assert.matches("in this project %(its id is from X%)$", hint "denied")
  end)

  it("compares what was signed only with what a gateway says, and of a signature it refuses", function()
    local compared = "secret key does not belong"
    for _, case in ipairs { { 401, "APIGW.0301", true }, { 401, "APIC.0301", true }, { 401, "APIGW.0303" }, { 401 },
      { 401, "AOM.0301" }, { 403, "APIGW.0301" } } do
      local hint = advice.refusal({ status = case[1], code = case[2] }, echo {},
        { canonical = function() return OURS end })
      assert.are.equal(case[3], hint and hint:find(compared, 1, true) ~= nil or nil, case[2])
    end
    assert.is_nil(advice.refusal({ status = 401, code = "APIGW.0301" }, echo {}, {}))
    assert.is_nil(advice.refusal({ status = 401, code = "APIGW.0301" }, echo {}, { canonical = function() end }))
  end)

  it("names what was given for an id, where the service itself has no such workflow", function()
    for _, row in ipairs { { 404, "AOM.31001404", true }, { 404, "APIGW.0101" }, { 404 }, { 400, "AOM.31001302" } } do
      local hint = advice.refusal({ status = row[1], code = row[2] }, "no", { name = "nightly" })
      assert.are.equal(row[3] and 'an id is expected: client:find "nightly" gives the workflow of that name' or nil,
        hint)
    end
  end)

  it("names the regions that have the API, outside them", function()
    assert.matches("cn%-north%-4, cn%-east%-2, cn%-east%-3, cn%-south%-1 and me%-east%-1",
      advice.refusal(UNPUBLISHED, "", { region = "ru-moscow-1" }))
  end)

  for path, is_named in pairs { ["/v1"] = true, ["/gateway/v1/p/cms"] = true, [""] = false } do
    it(("names the endpoint's path, where it has one: %q"):format(path), function()
      local hint = advice.refusal(UNPUBLISHED, "", { endpoint_path = path })
      assert.are.equal(is_named or nil, hint and hint:find("has the path " .. path .. ", ", 1, true) ~= nil)
      assert.is_nil(advice.refusal({ status = 404, code = "AOM.0101" }, "", { endpoint_path = path }))
    end)
  end

  it("names no regions inside them, or without a region", function()
    assert.is_nil(advice.refusal(UNPUBLISHED, "", { region = "cn-north-4" }))
    assert.is_nil(advice.refusal(UNPUBLISHED, "", {}))
  end)
end)

describe("a hint on a call without an answer", function()
  local PROXY = { proxy = "http://proxy:3128" }
  for title, row in pairs {
    ["an unknown issuer"] = { { kind = "tls", message = "?", fault = "authority" }, {}, nil,
      "package ca%-certificates" },
    ["an issuer that ca_file does not name"] = { { kind = "tls", message = "?", fault = "authority" },
      { trusted = "option ca_file" }, nil, "no authority of option ca_file has.*system" },
    ["an issuer that a variable does not name"] = { { kind = "tls", message = "?", fault = "authority" },
      { trusted = "environment variable SSL_CERT_FILE" }, nil, "environment variable SSL_CERT_FILE" },
    ["another host's certificate"] = { { kind = "tls", message = "?", fault = "name" }, {}, nil, "host of the" },
    ["a certificate that has expired"] = { { kind = "tls", message = "?", fault = "expired" }, {}, nil,
      "expired.*clock" },
    ["a certificate that is not valid yet"] = { { kind = "tls", message = "?", fault = "early" }, {}, nil,
      "yet.*clock" },
    ["an old version of TLS"] = { { kind = "tls", message = "?", fault = "version" }, {}, nil, "TLS 1%.2" },
    ["no TLS at all"] = { { kind = "tls", message = "?", fault = "plain" }, {}, nil, "does not speak TLS" },
    ["a server that asks who calls"] = { { kind = "tls", message = "?", fault = "anonymous" }, {}, nil, "client_cert" },
    ["a server that refuses the answer"] = { { kind = "tls", message = "?", fault = "identity" }, {}, nil, "refuses" },
    ["a key that does not fit"] = { { kind = "config", message = "?", code = 58 }, {}, nil, "client_key_password" },
    ["a handshake that fails otherwise"] = { { kind = "tls", message = "unable to get local issuer" }, PROXY },
    ["a reset behind a proxy"] = { { kind = "network", message = "reset" }, PROXY, nil, "option proxy" },
    ["a reset past the proxy"] = { { kind = "network", message = "reset" }, PROXY, true },
    ["a reset without a proxy"] = { { kind = "network", message = "reset" }, { proxy = "" } },
    ["a name that nobody knows"] = { { kind = "network", message = "?", code = 6 }, {}, nil, "machine's DNS" },
    ["a name that nobody knows, behind a proxy"] = { { kind = "network", message = "?", code = 6 }, PROXY, nil, "DNS" },
    ["a proxy's name that nobody knows"] = { { kind = "network", message = "?", code = 5 }, {}, nil, "host name" },
    ["no file descriptor"] = { { kind = "network", message = "all file descriptors of this process, or of the system, "
      .. "are in use" }, { proxy = "http://p:1" }, nil, "ulimit %-n" },
    ["a bundle that is none"] = { { kind = "config", message = "?", code = 77 }, {}, nil, "cannot be used" },
    ["a refused connection"] = { { kind = "network", message = "?", code = 7 }, {} },
    ["an end of the handshake"] = { { kind = "network", message = "?", code = 35 }, {}, nil,
      "closed the connection during the TLS handshake: .* http://" },
    ["an end of the handshake, behind a proxy"] = { { kind = "network", message = "?", code = 35 }, PROXY, nil,
      "option proxy" },
    ["a proxy's password"] = { { kind = "network", message = "?", code = 56, proxy_status = 407 }, PROXY, nil,
      "user and password of the proxy" },
    ["a host that a proxy forbids"] = { { kind = "network", message = "?", code = 7, proxy_status = 403 }, {}, nil,
      "does not allow connections" },
    ["a proxy that fails"] = { { kind = "network", message = "?", code = 7, proxy_status = 502 }, {} },
    ["a time-out behind a proxy"] = { { kind = "timeout", message = "timed out" }, PROXY },
  } do
    it("is " .. (row[4] and "known" or "not known") .. ": " .. title, function()
      local hint = advice.trouble(row[1], row[2], row[3])
      if row[4] then assert.matches(row[4], hint) else assert.is_nil(hint) end
    end)
  end
end)
