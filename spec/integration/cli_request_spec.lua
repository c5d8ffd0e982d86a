--- Proves what `aom request` sends and prints, and what `aom sign` signs.

local cjson = require "cjson"
local command = require "spec.support.command"
local process = require "spec.support.process"

describe("aom", function()
  local simulator

  setup(function() simulator = command.simulator() end)
  teardown(function() simulator.stop() end)

  local function run(words, variables) return command.run(simulator.url, words, variables) end

  it("keeps what a service answers as it is in JSON, too", function()
    local bodies = { "[]", '{"a":[],"b":{},"c":12345678901234567890}', "1", '"}"', " [ ]\n" }
    for _, body in ipairs(bodies) do
      simulator.script { { match = "/things", status = 200, body = body } }
      local output, code = run "request GET /things --json"
      assert.are.equal(0, code, output)
      assert.are.equal(body, cjson.decode(output).body)
      assert.truthy(output:find('"data":' .. body .. "}\n", 1, true), output)
    end
  end)

  it("sends a body from a file and from standard input, as it is", function()
    local path = process.temporary '{"sort_field":"create_time","sort_type":"ASC","size":1}'
    local words = "request POST '/v1/{project_id}/cms/workflow-list' --data @"
    local output = run(words .. path)
    assert.matches('"total_elements":4', output)
    assert.matches('"total_elements":4', (run(words .. "- <" .. path)))
    os.remove(path)
  end)

  it("signs for curl, whose request the service accepts", function()
    local path = "/v1/{project_id}/cms/workflow/id-2/trigger/action"
    local words = command.line("sign PUT '" .. path .. "' --query action=enable --header 'X-Odd: a\"b\\c'")
    command.arrange(simulator)
    local output, code = process.run(("env %s %s | curl --silent --noproxy '*' --config -"):format(
      command.environment(simulator.url), words))
    assert.are.equal(0, code)
    assert.are.equal('{"success"}', output)
    assert.are.equal("enable", simulator.state().workflows["id-2"].trigger_status)
    words = command.line [[sign POST '/v1/{project_id}/cms/workflow-list' --data '{"sort_field":"create_time",
      "sort_type":"ASC"}']]
    output = process.run(("env %s %s | curl --silent --noproxy '*' --config -"):format(
      command.environment(simulator.url), words))
    assert.matches('"total_elements":4', output)
  end)

  -- Words, what a file holds that they name, and the path and query that arrive.
  for i, case in ipairs {
    { "POST /things --data @FILE", "@/etc/hostname" }, { "POST /things --data @FILE", "a\nb\r\nc\t\"\\ 每\1\n" },
    { "PUT /things --data @FILE", "<FILE" }, { "POST /things --data x --header X-Odd:" },
    { "GET /things --query 'a= b' --query 'c=d=e' --query e=", nil, "a=%20b&c=d%3De&e=" },
    { "GET '/a [b] %7B/每'", nil, "" },
  } do
    it(("sends the same as curl does: %s (%d)"):format(case[1], i), function()
      local path = process.temporary(case[2] or "")
      simulator.set { catch_all = true }
      local words = case[1]:gsub("FILE", path)
      local own, code, errors = run("request " .. words)
      assert.are.equal(0, code, errors)
      local by_curl = process.run(("env %s %s | curl --silent --noproxy '*' --config -"):format(
        command.environment(simulator.url), command.line("sign " .. words)))
      simulator.set { catch_all = false }
      os.remove(path)
      assert.are.equal(own, by_curl)
      if case[3] then assert.are.equal(case[3], cjson.decode(own).query) end
      local requests = simulator.state().requests
      local first, second = requests[#requests - 1], requests[#requests]
      assert.are.equal(first.signed_headers, second.signed_headers)
    end)
  end

  it("writes a header without a value as curl sends one", function()
    assert.truthy((run "sign GET /x --header X-Odd:"):find('header = "X-Odd;"\n', 1, true))
  end)

  it("signs nothing for curl that curl cannot be given", function()
    local path = process.temporary "a\0b"
    local output, code, errors = run("sign POST /x --data @" .. path)
    assert.are.equal(2, code)
    assert.are.equal("", output)
    assert.matches("%-%-data: expected no NUL bytes", errors)
    assert.are.equal("a\0b", cjson.decode((run("sign POST /x --json --data @" .. path))).body)
    os.remove(path)
  end)

  it("signs for a project of another region", function()
    local line = "sign GET '/v1/{project_id}/x' --endpoint https://ces.cn-south-1.myhuaweicloud.com"
    local output, code, errors = run(line)
    assert.are.equal(2, code)
    assert.are.equal("", output)
    assert.matches("^aom: argument: %-%-project%-id: expected a project id of .* cn%-south%-1, got none\n", errors)
    local id = ("9"):rep(32)
    assert.matches("/v1/" .. id .. '/x"\n', (run(line .. " --project-id " .. id)))
    assert.matches("/v1/" .. id .. '/x"\n', (run("sign GET '/v1/{project_id}/x' --project-id " .. id)))
  end)

  it("signs nothing for which it would have to ask a service", function()
    local variables = "HUAWEICLOUD_SDK_AK= HUAWEICLOUD_SDK_SK= HUAWEICLOUD_SDK_METADATA=true"
    local before = #simulator.state().requests
    local output, code, errors = run("sign GET /x", variables)
    assert.are.equal(2, code, output .. errors)
    assert.matches("metadata", errors)
    assert.are.equal("", output)
    assert.are.equal(before, #simulator.state().requests)
  end)
end)
