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
