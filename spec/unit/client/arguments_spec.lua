--- What functions and methods do with an argument too many, and with a callback in the
--- place of options that were left out.

local arguments = require "aom.client.arguments"
local safe = require "aom.safe"

local options = {
  endpoint = "http://127.0.0.1:9", project_id = ("0"):rep(32), ak = "a", sk = "s", loop = "blocking", proxy = "",
}

local function nothing() end

-- Name, how many arguments it takes, and good ones; the callback, if any, is the last.
local methods = {
  { "trigger", 3, "wf", "enable" }, { "enable", 2, "wf" }, { "disable", 2, "wf" },
  { "update_workflow_trigger_status", 3, "wf", "enable" },
  { "execute", 2, "wf" }, { "execution", 3, "wf", "e" }, { "operate_execution", 4, "wf", "e", { node_id = "n" } },
  { "stop_execution", 3, "wf", "e" }, { "create_workflow", 2, {} }, { "list_workflows", 2, {} },
  { "template", 3, "t", {} }, { "list_templates", 3, "j", {} }, { "list_jobs", 2, {} },
  { "wait", 3, { workflow_id = "wf", id = "e" }, {} }, { "find", 2, "name" }, { "trigger_all", 4, {}, "enable", {} },
  { "pause", 2, { match = "", file = "f" } }, { "resume", 3, "f", {} },
  { "all_workflows", 2, {} }, { "all_scripts", 2, {} }, { "all_templates", 3, "j", {} },
  { "workflows", 1, {} }, { "jobs", 1, {} }, { "templates", 2, "j", {} }, { "close", 0 },
}

local functions = { { "client", 1, options }, { "doctor", 2, options }, { "sign", 2, {}, {} }, { "version", 0 },
  { "close", 0 } }

-- What is known by another name.
local own_names = { update_workflow_trigger_status = "trigger", execute = "execute_workflow" }

local function words(most)
  if most == 0 then return "no argument" end
  return most == 1 and "at most 1 argument" or ("at most %d arguments"):format(most)
end

--- The good arguments of a row, filled up with nil, and what follows them.
local function list_of(row, ...)
  local list, n = {}, row[2]
  for i = 3, #row do list[i - 2] = row[i] end
  for i = 1, select("#", ...) do list[n + i] = (select(i, ...)) end
  return list, n + select("#", ...)
end

local unpack = unpack or table.unpack

describe("an argument too many", function()
  local client

  before_each(function() client = assert(safe.client(options)) end)
  after_each(function() client:close() end)

  local function refuses(row, call)
    for at, extra in ipairs { { "x" }, { false }, { nothing }, { nil, "x" }, { nil, nil, {} } } do
      local n = at <= 3 and 1 or at - 2
      local list, length = list_of(row, unpack(extra, 1, n))
      local value, err = call(unpack(list, 1, length))
      if type(value) == "function" then value, err = nil, select(2, value()) end
      assert.is_nil(value)
      assert.are.equal("argument", err.kind)
      assert.are.equal(("%s: expected %s, got %d"):format(own_names[row[1]] or row[1], words(row[2]), row[2] + n),
        err.message)
    end
  end

  for _, row in ipairs(methods) do
    it("is refused by client:" .. row[1], function()
      refuses(row, function(...) return client[row[1]](client, ...) end)
    end)
  end

  for _, row in ipairs(functions) do
    it("is refused by aom." .. row[1], function() refuses(row, safe[row[1]]) end)
  end

  it("is none when it is nil", function()
    assert.is_table(safe.version(nil))
    assert.is_function(client:workflows(nil, nil, nil))
    assert.is_true(client:close(nil))
  end)
end)

describe("a table in place of the callback", function()
  local client

  before_each(function() client = assert(safe.client(options)) end)
  after_each(function() client:close() end)

  local function refuses(row, call, extra)
    local list, length = list_of(row)
    list[length] = extra
    local value, err = call(unpack(list, 1, length))
    assert.is_nil(value)
    local name = own_names[row[1]] or row[1]
    assert.are.same({ "argument", ("%s: argument %d is the callback: expected a function, got %s"):format(name, row[2],
      extra == client and "a client" or "a table") }, { err.kind, err.message })
    local is_table = type(list[length - 1]) == "table"
    assert.are.equal(is_table and extra ~= client and ("%s %s takes stands in one table, argument %d"):format(
      length == 2 and "all that" or "the rest of what", name, length - 1) or nil, err.hint)
  end

  for _, row in ipairs(methods) do
    if row[1] ~= "close" and row[1] ~= "workflows" and row[1] ~= "jobs" and row[1] ~= "templates" then
      it("is refused by client:" .. row[1], function()
        for _, extra in ipairs { {}, client } do
          refuses(row, function(...) return client[row[1]](client, ...) end, extra)
        end
      end)
    end
  end

  for _, row in ipairs { { "request", 2, { method = "GET", path = "/" } }, { "all_pages", 2, { path = "/" } },
    { "find", 2, { name = "n" } }, { "request_all", 3, {}, {} } } do
    it("is refused by client:" .. row[1] .. " with a table before it", function()
      refuses(row, function(...) return client[row[1]](client, ...) end, { timeout = 5 })
    end)
  end

  it("is refused by aom.doctor", function() refuses({ "doctor", 2, options }, safe.doctor, {}) end)
end)

describe("arguments", function()
  local with_options = { name = "m", values = 2, options = true, callback = true }
  local without = { name = "m", values = 2, callback = true }
  local alone = { name = "m", values = 3, options = true }

  -- A signature, what is given, and the callback and values that are found.
  for title, case in pairs {
    ["with all there is"] = { with_options, { "a", "b", nothing, n = 3 }, { nothing, "a", "b" } },
    ["without a callback"] = { with_options, { "a", "b", n = 2 }, { nil, "a", "b" } },
    ["with a callback in place of options"] = { with_options, { "a", nothing, n = 2 }, { nothing, "a", nil } },
    ["with a callback and a nil"] = { with_options, { "a", nothing, nil, n = 3 }, { nothing, "a", nil } },
    ["with options left open"] = { with_options, { "a", nil, nothing, n = 3 }, { nothing, "a", nil } },
    ["with two functions"] = { with_options, { "a", print, nothing, n = 3 }, { nothing, "a", print } },
    ["with a callback that is false"] = { with_options, { "a", "b", false, n = 3 }, { false, "a", "b" } },
    ["with a function where no options are"] = { without, { "a", nothing, n = 2 }, { nil, "a", nothing } },
    ["of what takes no callback"] = { alone, { "a", "b", nothing, n = 3 }, { nil, "a", "b", nothing } },
    ["that are none"] = { with_options, { n = 0 }, {} },
  } do
    it("are split " .. title, function()
      local err, callback, a, b, c = arguments.split(case[1], unpack(case[2], 1, case[2].n))
      assert.is_nil(err)
      local wanted = case[3]
      assert.are.equal(wanted[1], callback)
      assert.are.equal(wanted[2], a)
      assert.are.equal(wanted[3], b)
      assert.are.equal(wanted[4], c)
    end)
  end
end)
