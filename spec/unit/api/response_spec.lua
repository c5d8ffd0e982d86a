--- Proves how responses of the service, its gateway and proxies become results or errors.

local errors = require "aom.util.errors"
local json = require "aom.util.json"
local operations = require "aom.api.operations"
local refusal = require "aom.api.refusal"
local response = require "aom.api.response"

local function same(text) return text end

local function failure(status, body, headers, mask)
  return refusal.of({ status = status, headers = headers or {}, body = body }, mask or same)
end

local function masking(secret)
  return function(text)
    local from, to = text:find(secret, 1, true)
    while from do
      text = text:sub(1, from - 1) .. "***" .. text:sub(to + 1)
      from, to = text:find(secret, 1, true)
    end
    return text
  end
end

local function nested(depth)
  return ('{"a":'):rep(depth) .. '{"code":"C","message":"m"}' .. ("}"):rep(depth)
end

describe("an error body", function()
  -- Body; code, message, and the error's other fields.
  local shapes = {
    { "of the service", 400, '{"error_code":"AOM.31001302","error_msg":"Invalid param","http_code":400}',
      "AOM.31001302", "Invalid param", { http_code = 400 } },
    { "of the gateway", 401, '{"error_msg":"Incorrect IAM authentication information: x",'
      .. '"error_code":"APIGW.0301","request_id":"r-body"}', "APIGW.0301",
      "Incorrect IAM authentication information: x", { request_id = "r-body" } },
    { "in camel case", 400, '{"errorCode":"SVC.1","errorMsg":"no"}', "SVC.1", "no" },
    { "in camel case, in full", 400, '{"errorCode":"SVCSTG_AMS_4000001","errorMessage":"no"}',
      "SVCSTG_AMS_4000001", "no" },
    { "with error_message", 400, '{"error_code":"AOM.1","error_message":"no"}', "AOM.1", "no" },
    { "with code and message", 400, '{"code":"X.1","message":"no"}', "X.1", "no" },
    { "of the identity service", 401, '{"error":{"code":401,"message":"The username or password is wrong.",'
      .. '"title":"Unauthorized"}}', "401", "The username or password is wrong." },
    { "with a code that is a number", 500, '{"error_code":5,"error_msg":"no"}', "5", "no" },
    { "with a code that is a long number", 500, '{"code":12345678901,"message":"no"}', "12345678901", "no" },
    { "one object deep", 400, '{"result":{"error_code":"C","error_msg":"m","http_code":400,"request_id":"in"}}',
      "C", "m", { http_code = 400, request_id = "in" } },
    { "two objects deep", 400, '{"a":{"b":{"errorCode":"C","errorMsg":"m"}}}', "C", "m" },
    { "four objects deep", 400, nested(4), "C", "m" },
    { "with more than one shape, the more trusted first", 400,
      '{"message":"m4","code":"c4","errorMessage":"m3","errorMsg":"m2","errorCode":"c2","error_msg":"m1",'
      .. '"error_code":"c1","error_message":"m1b"}', "c1", "m1" },
    { "with half of a more trusted shape", 400, '{"error_code":"c1","code":"c4","message":"m4"}', "c4", "m4" },
    { "with an empty half of a more trusted shape", 400,
      '{"error_code":"","error_msg":"m1","code":"c","message":"m"}', "c", "m" },
    { "with an outer pair and an inner one", 400, '{"a":{"error_code":"in","error_msg":"in"},"code":"out",'
      .. '"message":"out"}', "out", "out" },
    { "with several inner pairs", 400, '{"z":{"code":"cz","message":"mz"},"b":{"code":"cb","message":"mb"},'
      .. '"m":{"code":"cm","message":"mm"}}', "cb", "mb" },
    { "with null members", 400, '{"error_code":null,"error_msg":null,"code":"c","message":"m","http_code":null}',
      "c", "m" },
    { "with an authorization message", 403, '{"encoded_authorization_message":"enc","error_code":"IAM.0002"}',
      "IAM.0002", "forbidden", { encoded = "enc" } },
    { "with nothing but an authorization message", 403, '{"encoded_authorization_message":"enc"}', nil, "forbidden",
      { encoded = "enc" } },
    { "with a nested authorization message", 403, '{"error":{"encoded_authorization_message":"enc","code":403}}',
      "403", "forbidden", { encoded = "enc" } },
    { "with an authorization message beside words alone", 403,
      '{"encoded_authorization_message":"enc","message":"no right"}', nil, "no right", { encoded = "enc" } },
    { "with an authorization message that is no text", 403,
      '{"encoded_authorization_message":{"a":"enc"},"error_code":"c","error_msg":"m"}', "c", "m" },
    { "with an empty authorization message", 403,
      '{"encoded_authorization_message":"","error_code":"c","error_msg":"m"}', "c", "m" },
    { "with a canonical request", 401, '{"error_code":"APIGW.0301","error_msg":"verify aksk signature fail, '
      .. 'canonicalRequest:PUT|/v1/|action=enable|host:h||host|e3"}', "APIGW.0301", "verify aksk signature fail" },
    { "with a canonical request of lines", 401, '{"error_code":"APIGW.0301","error_msg":"verify aksk signature fail;'
      .. ' canonicalRequest:PUT\\n/v1/\\n"}', "APIGW.0301", "verify aksk signature fail" },
    { "with a long message", 400, '{"error_code":"c","error_msg":"' .. ("m"):rep(1001) .. '"}', "c",
      ("m"):rep(1000) .. "…" },
    { "with a message that is just short enough", 400, '{"error_code":"c","error_msg":"' .. ("m"):rep(1000) .. '"}',
      "c", ("m"):rep(1000) },
    { "with a message before the encoded one", 403,
      '{"encoded_authorization_message":"enc","error_code":"c","error_msg":"m"}', "c", "m", { encoded = "enc" } },
    { "with an inner message beside the encoded one", 403,
      '{"encoded_authorization_message":"enc","error":{"code":403,"message":"no right"}}', "403", "no right",
      { encoded = "enc" } },
    { "with an encoded message inside, and the other outside", 403,
      '{"error_code":"c","error_msg":"m","a":{"b":{"encoded_authorization_message":"enc"}}}', "c", "m",
      { encoded = "enc" } },
    { "with a message alone", 500, '{"error_msg":"just words"}', nil, "just words" },
    { "with a message alone, in other words", 500, '{"message":"just words"}', nil, "just words" },
    { "with error_message alone", 500, '{"error_message":"just words"}', nil, "just words" },
    { "with errorMsg alone", 500, '{"errorMsg":"just words"}', nil, "just words" },
    { "with errorMessage alone", 500, '{"errorMessage":"just words"}', nil, "just words" },
    { "with all messages and no code", 500, '{"message":"m5","errorMessage":"m4","errorMsg":"m3",'
      .. '"error_message":"m2","error_msg":"m1"}', nil, "m1" },
    { "with a code alone", 500, '{"error_code":"C"}', nil, 'internal error: {"error_code":"C"}' },
    { "with an http_code that is text", 400, '{"error_code":"C","error_msg":"m","http_code":"400"}', "C", "m" },
    { "with a member that is true", 400, '{"error_code":true,"error_msg":{},"code":"c","message":"m"}', "c", "m" },
  }
  for _, case in ipairs(shapes) do
    it(case[1] .. " is understood", function()
      local err = failure(case[2], case[3])
      assert.is_true(errors.is_error(err))
      assert.are.equal("service", err.kind)
      assert.are.equal(case[2], err.status)
      assert.are.equal(case[4], err.code)
      assert.are.equal(case[5], err.message)
      local more = case[6] or {}
      assert.are.equal(more.http_code, err.http_code)
      assert.are.equal(more.request_id, err.request_id)
      assert.are.equal(more.encoded, err.encoded_authorization_message)
      assert.are.equal(case[3], err.body)
      assert.is_nil(tostring(err):find("enc", 1, true))
      assert.is_nil(tostring(err):find("canonicalRequest", 1, true))
      assert.is_nil(err.details)
    end)
  end

  local others = {
    { "five objects deep", 400, nested(5), "bad request: " .. nested(5) },
    { "that is empty", 404, "", "not found" },
    { "of blanks", 503, " \r\n\t ", "service unavailable" },
    { "that is empty, of a status without a name", 418, "", "the service refused the request" },
    { "in plain text", 502, "upstream down", "bad gateway: upstream down" },
    { "of lines", 502, "<html>\r\n\t<h1>Bad\0 Gateway</h1>\27[2J",
      "bad gateway: <html> <h1>Bad  Gateway</h1> [2J" },
    { "that is a list", 500, '[{"code":"c","message":"m"}]', 'internal error: [{"code":"c","message":"m"}]' },
    { "that is an empty object", 500, "{}", "internal error: {}" },
    { "that is a string", 500, '"broken"', 'internal error: "broken"' },
    { "that is a number", 500, "12", "internal error: 12" },
    { "that is null", 500, "null", "internal error: null" },
    { "that is cut short", 500, '{"error_code":"AOM.1","error_', 'internal error: {"error_code":"AOM.1","error_' },
    { "that is not UTF-8", 500, "\255\254\128", "internal error: \255\254\128" },
    { "with a message that is not UTF-8", 500, '{"error_code":"C","error_msg":"\255"}', "\255" },
    { "of 200 bytes", 500, ("x"):rep(200), "internal error: " .. ("x"):rep(200) },
    { "of 201 bytes", 500, ("x"):rep(201), "internal error: " .. ("x"):rep(200) .. "…" },
    { "of a megabyte", 500, ("x"):rep(1024 * 1024), "internal error: " .. ("x"):rep(200) .. "…" },
    { "that the cut would split a character of", 500, ("x"):rep(199) .. "é" .. ("x"):rep(9),
      "internal error: " .. ("x"):rep(199) .. "…" },
  }
  for _, case in ipairs(others) do
    it(case[1] .. " is quoted", function()
      local err = failure(case[2], case[3])
      assert.are.equal("service", err.kind)
      if case[1]:find("with a message") then
        assert.are.equal("C", err.code)
      else
        assert.is_nil(err.code)
      end
      assert.are.equal(case[4], err.message)
      assert.is_nil(tostring(err):find("[%z\1-\31\127]"))
    end)
  end

  it("of any depth ends the search in time", function()
    assert.matches("^internal error: ", failure(500, ("["):rep(900) .. ("]"):rep(900)).message)
    assert.matches("^internal error: ", failure(500, nested(900)).message)
    assert.matches("^internal error: ", failure(500, ("["):rep(200000)).message)
  end)

  it("gives the same error each time", function()
    local members = {}
    for i = 1, 60 do members[i] = ('"k%d":{"code":"c%d","message":"m%d"}'):format(i, i, i) end
    for _ = 1, 20 do
      assert.are.equal("c1", failure(500, "{" .. table.concat(members, ",") .. "}").code)
      table.insert(members, table.remove(members, 1))
    end
  end)

  it("has integers where they are integers", function()
    local err = failure(400, '{"error_code":7,"error_msg":"m","http_code":400}')
    assert.are.equal("400", tostring(err.http_code))
    assert.are.equal("7", err.code)
  end)
end)

describe("the details of an error", function()
  local cases = {
    { "in one shape", '[{"error_code":"c1","error_msg":"m1"},{"error_code":"c2","error_msg":"m2"}]',
      { { code = "c1", message = "m1" }, { code = "c2", message = "m2" } } },
    { "in several shapes", '[{"code":1,"message":"m1"},{"errorCode":"c2","errorMessage":"m2"}]',
      { { code = "1", message = "m1" }, { code = "c2", message = "m2" } } },
    { "with what is none", '["text",null,5,{"code":"c"},{"code":"c","message":"m"}]',
      { { code = "c", message = "m" } } },
    { "from deep inside", "[" .. nested(4) .. "]", { { code = "C", message = "m" } } },
    { "that are empty", "[]", nil },
    { "that are no list", '{"code":"c","message":"m"}', nil },
    { "that are text", '"text"', nil },
  }
  for _, case in ipairs(cases) do
    it("are read " .. case[1], function()
      for _, body in ipairs {
        ('{"error_code":"C","error_msg":"M","details":%s}'):format(case[2]),
        ('{"error":{"code":"C","message":"M","details":%s}}'):format(case[2]),
        ('{"details":%s,"error":{"code":"C","message":"M"}}'):format(case[2]),
      } do
        local err = failure(400, body)
        assert.are.equal("C", err.code)
        assert.are.equal("M", err.message)
        assert.are.same(case[3], err.details)
      end
    end)
  end
end)

describe("a failed answer", function()
  for status, retryable in pairs { [301] = false, [302] = false, [304] = false, [400] = false, [401] = false,
    [403] = false, [404] = false, [408] = true, [429] = true, [500] = true, [501] = false, [502] = true,
    [503] = true, [504] = true } do
    it(("with status %d is a service error, %s"):format(status, retryable and "retryable" or "final"), function()
      local err = failure(status, "")
      assert.are.equal("service", err.kind)
      assert.are.equal(status, err.status)
      assert.are.equal(retryable, err.retryable)
    end)
  end

  for status, title in pairs {
    [300] = "the service refused the request",
    [301] = "moved permanently", [302] = "redirected", [304] = "not modified", [307] = "redirected",
    [308] = "redirected permanently", [400] = "bad request", [401] = "not authenticated", [403] = "forbidden",
    [404] = "not found", [408] = "request timed out", [413] = "request too large", [429] = "too many requests",
    [500] = "internal error", [502] = "bad gateway", [503] = "service unavailable", [504] = "gateway timed out",
  } do
    it(("without a body has a name for %d"):format(status), function()
      assert.are.equal(title, failure(status, "").message)
    end)
  end

  local BODY = '{"error_code":"C","error_msg":"m","request_id":"r-body"}'
  for name, case in pairs {
    ["X-Request-Id"] = { { ["x-request-id"] = "r-head", ["x-iam-trace-id"] = "t" }, "r-head" },
    ["X-IAM-Trace-Id"] = { { ["x-iam-trace-id"] = "t" }, "t" },
    ["the body"] = { {}, "r-body" },
  } do
    it("takes the request id from " .. name, function()
      assert.are.equal(case[2], failure(500, BODY, case[1]).request_id)
    end)
  end

  it("is masked, in its message, its code and its details", function()
    local err = failure(401, '{"error_code":"C","error_msg":"saw hush and hush","details":[{"code":"c",'
      .. '"message":"hush!"}]}', nil, masking "hush")
    assert.are.equal("saw *** and ***", err.message)
    assert.are.same({ { code = "c", message = "***!" } }, err.details)
    err = failure(401, '{"error_code":"hush","error_msg":"m","details":[{"code":"hush","message":"m"}]}', nil,
      masking "hush")
    assert.are.equal("***", err.code)
    assert.are.equal("***", err.details[1].code)
  end)

  local LIMIT = 64 * 1024
  for title, row in pairs {
    ["as it is"] = { "<p>no</p>\r\n", "<p>no</p>\r\n" },
    ["empty"] = { "", "" },
    ["masked"] = { '{"error_msg":"hush","token":"hush"}', '{"error_msg":"***","token":"***"}' },
    ["of 64 KiB"] = { ("x"):rep(LIMIT), ("x"):rep(LIMIT) },
    ["cut behind 64 KiB"] = { ("x"):rep(LIMIT + 1), ("x"):rep(LIMIT) },
    ["masked before it is cut"] = { ("x"):rep(LIMIT - 2) .. "hush", ("x"):rep(LIMIT - 2) .. "**" },
    ["cut between characters"] = { ("x"):rep(LIMIT - 1) .. "é", ("x"):rep(LIMIT - 1) },
  } do
    it("has a body that is kept " .. title, function()
      assert.are.equal(row[2], failure(502, row[1], nil, masking "hush").body)
    end)
  end

  it("is masked in what an administrator can decode", function()
    assert.are.equal("a***b", failure(403, '{"encoded_authorization_message":"ahushb"}', nil,
      masking "hush").encoded_authorization_message)
  end)

  it("gives the whole message beside the error, for its hint", function()
    local WHOLE = "no, canonicalRequest:PUT|hush"
    local err, said = failure(401, '{"error_code":"APIGW.0301","error_msg":"' .. WHOLE .. '"}', nil, masking "hush")
    assert.are.equal("no", err.message)
    assert.are.equal("no, canonicalRequest:PUT|***", said)
  end)

  it("is masked where a request id echoes it", function()
    assert.are.equal("***", failure(502, "", { ["x-request-id"] = "hush" }, masking "hush").request_id)
    assert.are.equal("r-***", failure(400, '{"error_code":"C","error_msg":"m","request_id":"r-hush"}', nil,
      masking "hush").request_id)
  end)

  it("is masked in a quoted body", function()
    assert.are.equal("bad gateway: <p>***</p>", failure(502, "<p>hush</p>", nil, masking "hush").message)
  end)

  it("shows no part of a secret at the end of the quotation", function()
    local secret = ("s3cr3t"):rep(50)
    local err = failure(502, "<p>" .. secret .. "</p>", nil, masking(secret))
    assert.are.equal("bad gateway: <p>***</p>", err.message)
  end)
end)

describe("a good answer", function()
  local REQUEST = { operation = operations.trigger, values = { workflow_id = "w", action = "enable" } }

  local function result(body, headers, mask)
    return response.read({ status = 200, headers = headers or {}, body = body }, mask or same, REQUEST)
  end

  for name, body in pairs {
    ["the documented text"] = '{"success"}', ["that text with a line end"] = '{"success"}\n',
    ["that text with blanks"] = ' { "success" } ', ["a JSON string"] = '"success"',
    ["an object"] = '{"result":"success"}', ["nothing"] = "", ["blanks"] = " \r\n",
    ["an empty object"] = "{}", ["an empty list"] = "[]", ["null"] = "null", ["true"] = "true",
    ["false"] = "false", ["a number"] = "0", ["the bare word"] = "success", ["the bare word and a line end"] = "OK\r\n",
    ["any bare word"] = "failure", ["a bare word with a full stop"] = " Done. ", ["two words in one"] = "all-done_2",
    ["JSON behind a byte order mark"] = '\239\187\191{"result":"success"}',
    ["any word in braces"] = '{"failure"}', ["OK in braces"] = '{ "OK" }', ["a list of codes"] = '[{"error_code":"C"}]',
    ["an error code that is null"] = '{"error_code":null,"error_msg":null}',
    ["an error code that is empty"] = '{"error_code":"","error_msg":""}',
    ["an error code of 0"] = '{"error_code":0,"error_msg":"x"}', ["an error code of text 0"] = '{"errorCode":"0"}',
    ["a code of success"] = '{"errorCode":"SVCSTG_AMS_2000000","errorMessage":"success"}',
    ["a code and a message that name no error"] = '{"code":200,"message":"done"}',
    ["a code of words"] = '{"code":"DONE","message":"done"}',
    ["an error that is null"] = '{"error":null,"result":"success"}', ["an error of false"] = '{"error":false}',
  } do
    it("may hold " .. name, function()
      local found, err = result(body, { ["x-request-id"] = "r" })
      assert.is_nil(err)
      assert.are.same({
        success = true, status = 200, http_status = 200, request_id = "r", body = body, attempts = 0, elapsed = 0,
        workflow_id = "w", action = "enable",
      }, found)
    end)
  end

  for name, body in pairs {
    ["HTML"] = "<html><body>Welcome to the proxy</body></html>", ["a sentence"] = "Please log in",
    ["a word of HTML"] = "<html>", ["a word in quotes that do not end"] = '"success',
    ["a word and a brace"] = "success}",
    ["half of it"] = '{"success"', ["more than it"] = '{"success"}x', ["a word without quotes"] = "{success}",
    ["two words in braces"] = '{"success","ok"}', ["a member without a value"] = '{"success":}', ["no word"] = '{""}',
    ["a word of other bytes"] = "\239\187\191success", ["punctuation"] = "...",
    ["two of them"] = '{"success"}{"success"}', ["cut JSON"] = '{"result":"succ', ["NUL"] = "\0",
  } do
    it("may not hold " .. name, function()
      local found, err = result(body, { ["x-request-id"] = "r" })
      assert.is_nil(found)
      assert.are.equal("protocol", err.kind)
      assert.are.equal(200, err.status)
      assert.are.equal("r", err.request_id)
      assert.is_false(err.retryable)
      assert.is_truthy(err.message:find((body:gsub("%z", " ")), 1, true), err.message)
    end)
  end

  it("that is malformed shows its first bytes only", function()
    local _, err = result("<html>" .. ("x"):rep(5000))
    assert.are.equal("unexpected response: <html>" .. ("x"):rep(194) .. "…", err.message)
  end)

  it("that is malformed keeps its body", function()
    local _, err = result("<p>hush</p>", nil, masking "hush")
    assert.are.equal("protocol", err.kind)
    assert.are.equal("<p>***</p>", err.body)
  end)

  it("that is malformed is masked", function()
    local _, err = result("<p>" .. ("hush"):rep(100), nil, masking(("hush"):rep(100)))
    assert.are.equal("unexpected response: <p>***", err.message)
  end)

  -- Body; code and message of the error; the operation, where it is not trigger.
  local refusals = {
    { "the service's", '{"error_code":"AOM.31001302","error_msg":"Invalid param","http_code":400}', "AOM.31001302",
      "Invalid param" },
    { "in camel case", '{"errorCode":"C","errorMessage":"no"}', "C", "no" },
    { "in a field for any code", '{"code":"APIG.0301","message":"no"}', "APIG.0301", "no" },
    { "a number", '{"error_code":5,"error_msg":"no"}', "5", "no" },
    { "with success beside it", '{"result":"success","error_code":"C","error_msg":"no"}', "C", "no" },
    { "without a message", '{"error_code":"C"}', "C", 'the service refused the request: {"error_code":"C"}' },
    { "of the identity service", '{"error":{"code":403,"message":"no"}}', "403", "no" },
    { "inside another object", '{"data":{"error_code":"C","error_msg":"no"}}', "C", "no" },
    { "inside a JSON string", '"{\\"error_code\\":\\"C\\",\\"error_msg\\":\\"no\\"}"', "C", "no" },
    { "of a list", '{"elements":null,"error_code":"C","error_msg":"no"}', "C", "no", "list_workflows" },
    { "of an execution", '{"error_code":"C","error_msg":"no"}', "C", "no", "execution" },
    { "of a stop", '{"result":{"error_code":"C","error_msg":"no"}}', "C", "no", "stop_execution" },
  }
  for _, case in ipairs(refusals) do
    it("may not hold an error code " .. case[1], function()
      local answer = { status = 200, headers = { ["x-request-id"] = "r" }, body = case[2] }
      local found, err = response.read(answer, same, { operation = operations[case[5] or "trigger"], values = {} })
      assert.is_nil(found)
      assert.are.equal("service", err.kind)
      assert.are.equal(200, err.status)
      assert.are.equal(case[3], err.code)
      assert.are.equal(case[4], err.message)
      assert.are.equal("r", err.request_id)
      assert.is_false(err.retryable)
    end)
  end

  for operation, body in pairs {
    list_workflows = '{"elements":[{"id":"a","input":{"error_code":"C","error_msg":"m"}}],"total_elements":1}',
    execution = '{"status":"fail","execution_result_list":[{"error_code":"C"}],"output":{"error_code":"C"}}',
    create_workflow = '{"id":"w","input":{"error":{"code":"C"}}}',
  } do
    it("may hold the users' own error codes: " .. operation, function()
      local answer = { status = 200, headers = {}, body = body }
      assert.is_true(assert(response.read(answer, same, { operation = operations[operation], values = {} })).success)
    end)
  end

  it("is masked if it is an error", function()
    local _, err = result('{"error_code":"hush"}', nil, masking "hush")
    assert.are.equal("***", err.code)
    assert.are.equal('the service refused the request: {"error_code":"***"}', err.message)
  end)
end)

describe("a body of a list", function()
  local unwrap = json.unwrap
  after_each(function() json.unwrap = unwrap end)

  for operation, body in pairs {
    list_workflows = '{"elements":[{"id":"a"}],"total_elements":1}', template = '{"id":"a"}',
    list_workflow_executions = '[{"execution_id":"a"}]', execute_workflow = '{"execution_id":"a"}',
  } do
    it("is decoded once: " .. operation, function()
      local count = 0
      json.unwrap = function(text)
        count = count + 1
        return unwrap(text)
      end
      local request = { operation = operations[operation], values = {} }
      assert(request.operation, operation)
      assert.is_true(assert(response.read({ status = 200, headers = {}, body = body }, same, request)).success)
      assert.are.equal(1, count)
    end)
  end
end)
