--- Proves which response bodies become which results, and which are refused.

local readers = require "aom.api.bodies"

local function read(kind, body)
  local result = {}
  if not readers[kind](body, result) then return nil end
  return result
end

describe("a page of elements", function()
  for name, case in pairs {
    ["as documented"] = { '{"elements":[{"id":"a"}],"total_elements":7}', { { id = "a" } }, 7 },
    ["that is empty"] = { '{"elements":[],"total_elements":0}', {}, 0 },
    ["with null for nothing"] = { '{"elements":null,"total_elements":0}', {}, 0 },
    ["with null for nothing, and a total by its short name"] = { '{"elements":null,"total":0}', {}, 0 },
    ["with nothing at all, and a total of none"] = { '{"total":0}', {}, 0 },
    ["with null beyond the last page"] = { '{ "total_elements" : 200, "elements" : null }', {}, 200 },
    ["with null, inside a JSON string"] = { '"{\\"elements\\":null,\\"total_elements\\":3}"', {}, 3 },
    ["with null for all"] = { '{"elements":null,"total_elements":null}', {}, nil },
    ["with a total by its short name"] = { '{"elements":[{"id":"a"}],"total":7}', { { id = "a" } }, 7 },
    ["with a total by both names"] = { '{"elements":[],"total":7,"total_elements":8}', {}, 8 },
    ["with a total below 0"] = { '{"elements":[],"total_elements":-1}', {}, nil },
    ["with a broken total"] = { '{"elements":[],"total_elements":1.5}', {}, nil },
    ["without a total"] = { '{"elements":[{"id":"a"}]}', { { id = "a" } }, nil },
    ["with a total that is none"] = { '{"elements":[],"total_elements":"many"}', {}, nil },
    ["with a list for a total"] = { '{"elements":[],"total_elements":[1]}', {}, nil },
    ["with a total in quotes"] = { '{"elements":[],"total_elements":"12"}', {}, 12 },
    ["as a bare list"] = { '[{"id":"a"},{"id":"b"}]', { { id = "a" }, { id = "b" } }, nil },
    ["as an empty bare list"] = { " []", {}, nil },
    ["inside a JSON string"] = { '"{\\"elements\\":[{\\"id\\":\\"a\\"}]}"', { { id = "a" } }, nil },
  } do
    it(name .. " is read", function()
      local result = read("elements", case[1])
      assert.are.same(case[2], result.elements)
      assert.are.equal(case[3], result.total)
    end)
  end

  for _, body in ipairs { "", "{}", '{"success"}', "<html>", '{"total_elements":5}', '{"elements":{"a":1}}',
    '{"elements":["a"]}', '[[{"id":"a"}]]', '{"elements":[[{"id":"a"}]]}', '{"error":"x"}', "null", "5" } do
    it("is not " .. (body == "" and "nothing" or body), function() assert.is_nil(read("elements", body)) end)
  end
end)

describe("executions", function()
  local BRIEF = '{"execution_id":"e","status":"success","begin_time":"1767323045123","last_update_time":"2026-01-02"}'
  local read_brief = { execution_id = "e", status = "success", begin_time = 1767323045123,
    last_update_time = "2026-01-02" }

  for name, body in pairs { ["a list"] = "[" .. BRIEF .. "]", ["a list of lists"] = "[[" .. BRIEF .. "]]",
    ["an object"] = '{"elements":[' .. BRIEF .. "]}" } do
    it("are read from " .. name, function()
      assert.are.same({ read_brief }, read("executions", body).executions)
    end)
  end

  it("may be none", function()
    assert.are.same({}, read("executions", "[]").executions)
    assert.are.same({}, read("executions", "[[]]").executions)
    assert.are.same({}, read("executions", '{"elements":null}').executions)
  end)

  for _, body in ipairs { "", "{}", '["a"]', "<html>", '"x"' } do
    it("are not " .. (body == "" and "nothing" or body), function() assert.is_nil(read("executions", body)) end)
  end

  it("have integers for integers", function()
    local time = read("execution", BRIEF).execution.begin_time
    assert.are.equal("1767323045123", ("%.0f"):format(time))
    if math.type then assert.are.equal("integer", math.type(time)) end
  end)

  it("are read one at a time, also out of a list", function()
    assert.are.same(read_brief, read("execution", BRIEF).execution)
    assert.are.same(read_brief, read("execution", "[" .. BRIEF .. "]").execution)
    for _, body in ipairs { "", "{}", "[]", "5", "<html>" } do assert.is_nil(read("execution", body)) end
  end)
end)

describe("other answers", function()
  it("of a start hold the execution's id", function()
    assert.are.same({ id = "e", execution_id = "e" }, read("execution_id", '{"execution_id":"e"}'))
    for _, body in ipairs { "{}", "", '{"execution_id":5}', '{"execution_id":""}' } do
      assert.is_nil(read("execution_id", body))
    end
  end)

  for body, outcome in pairs { ['{"result":"success"}'] = "success", ['"success"'] = "success",
    ['"{\\"result\\":\\"success\\"}"'] = "success" } do
    it("of a stop may be " .. body, function() assert.are.equal(outcome, read("outcome", body).result) end)
  end

  it("of a stop may say nothing", function()
    for _, body in ipairs { "", "{}", '{"success"}', "success", "OK", "null" } do
      assert.are.same({}, read("outcome", body))
    end
    assert.is_nil(read("outcome", "<html>"))
  end)

  it("of a creation hold a workflow, of a template one", function()
    assert.are.equal("w", read("workflow", '{"id":"w"}').workflow.id)
    assert.are.equal("n", read("workflow", '{"name":"n"}').workflow.name)
    assert.are.equal("t", read("template", '{"id":"t"}').template.id)
    for _, body in ipairs { "", "{}", "[]", "5" } do
      assert.is_nil(read("workflow", body))
      assert.is_nil(read("template", body))
    end
  end)
end)
