--- A call that an error cuts short, as Ctrl-C does and a lack of memory, is over: no step of it
--- is made in a later call.

local process = require "spec.support.process"

local safe = require "aom.safe"

local AK, SK, PROJECT = "INTERRUPTEDKEY", "interrupted-secret", ("0123456789abcdef"):rep(2)
local MANY = 40

-- What LuaJIT has compiled calls no hook.
if rawget(_G, "jit") then require("jit").off() end

--- Raises an error after so many instructions of `body`.
local function interrupt(count, body)
  debug.sethook(function()
    debug.sethook()
    error("interrupted!", 0)
  end, "", count)
  local ok, err = pcall(body)
  debug.sethook()
  return ok, err
end

describe("a call of plain Lua", function()
  local server
  setup(function()
    server = process.simulator { ak = AK, sk = SK, project = PROJECT, workflows = { "one", "two" } }
  end)
  teardown(function() server.stop() end)

  -- Calls in which a function of the user's yields.
  for title, call in pairs {
    ["on_result"] = 'client():trigger_all({ "one", "two" }, "enable", { on_result = coroutine.yield })',
    ["a callback"] = 'client():trigger("one", "enable", coroutine.yield)',
    ["a provider of credentials"] = [[
      client { credentials = function() coroutine.yield() end }:trigger_all({ "one" }, "enable")]],
    ["a pattern's function"] = 'client():trigger_all({ match = coroutine.yield }, "enable", tostring)',
  } do
    for where, run in pairs { ["outside of coroutines"] = "print(pcall(call))",
      ["in one"] = "print(select(2, coroutine.resume(coroutine.create(function() return pcall(call) end))))" } do
      it(("ends with an error where %s yields, %s"):format(title, where), function()
        local file = process.temporary(([[
          local safe = require "aom.safe"
          local function client(more)
            local given = { endpoint = %q, project_id = %q, ak = %q, sk = %q, proxy = "", loop = "blocking" }
            if more then given.ak, given.sk, given.credentials = nil, nil, more.credentials end
            return safe.client(given)
          end
          local function call() %s end
          %s
        ]]):format(server.url, PROJECT, AK, SK, call, run))
        local output = process.run(("LUA_PATH=%s LUA_CPATH=%s timeout 20 %s %s 2>&1"):format(
          process.quote(package.path), process.quote(package.cpath), process.interpreter, process.quote(file)))
        os.remove(file)
        assert.matches("^false.*yield", output)
      end)
    end
  end
end)

describe("a call that is interrupted", function()
  local simulator, client, ids

  setup(function()
    simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, auto_create = true, workflows = { "one" } }
    ids = {}
    for i = 1, MANY do ids[i] = "wf-" .. i end
  end)
  teardown(function() simulator.stop() end)
  before_each(function()
    simulator.reset()
    client = assert(safe.client { endpoint = simulator.url, project_id = PROJECT, ak = AK, sk = SK, proxy = "",
      loop = "blocking" })
    assert(client:enable "one")
  end)
  after_each(function() client:close() end)

  local calls = {
    trigger_all = function() client:trigger_all(ids, "disable", { concurrency = 8 }) end,
    ["trigger_all with a rate"] = function() client:trigger_all(ids, "disable", { rate = 200 }) end,
    request_all = function()
      local list = {}
      for i, id in ipairs(ids) do list[i] = { method = "GET", path = "/v1/{project_id}/" .. id } end
      client:request_all(list)
    end,
  }
  for name, call in pairs(calls) do
    it(name .. " sends nothing in the next call", function()
      local interrupted = 0
      for count = 2000, 12000, 1000 do
        local ok, err = interrupt(count, call)
        if not ok then
          assert.are.equal("interrupted!", err)
          interrupted = interrupted + 1
        end
        simulator.reset()
        local report = assert(client:trigger_all({ "one" }, "enable"))
        assert.are.same({ 1, 0 }, { report.succeeded, report.failed })
        assert.are.equal(1, #simulator.state().requests)
      end
      assert.is_true(interrupted > 2)
    end)
  end

  -- At many instructions of each call, from the first to the last.
  for name, call in pairs {
    client = function()
      return safe.client { endpoint = simulator.url, project_id = PROJECT, ak = AK, sk = SK, proxy = "",
        loop = "blocking" }
    end,
    enable = function() return client:enable "one" end,
    trigger_all = function() return client:trigger_all({ "one", "two", "three" }, "enable", { concurrency = 2 }) end,
    list_workflows = function() return client:list_workflows { search = "one" } end,
    request = function()
      return client:request { method = "POST", path = "/v1/{project_id}/cms/workflow-list", query = { a = 1 },
        headers = { B = 2 }, body = { sort_field = "create_time", sort_type = "ASC" } }
    end,
  } do
    it(name .. " raises what it was interrupted by, and nothing else", function()
      assert(call())
      local count, is_over = 1, false
      while not is_over do
        local err
        local caught, ok, raised = pcall(interrupt, count, function()
          err = select(2, call())
          is_over = true
        end)
        assert.is_nil(err)
        assert.is_true(caught and ok or (caught and raised or ok) == "interrupted!", tostring(raised))
        count = count + 17
      end
      assert.is_true(count > 100, count)
    end)
  end

  it("trigger, at any instruction, leaves the next call alone", function()
    local interrupted = 0
    for count = 5, 300, 15 do
      -- The hook may also come when the call has ended.
      local _, ok = pcall(interrupt, count, function() client:disable "one" end)
      if ok ~= true then interrupted = interrupted + 1 end
      local before = #simulator.state().requests
      local result = assert(client:enable "one")
      assert.are.same({ "enable", 1 }, { result.action, result.attempts })
      assert.are.equal(before + 1, #simulator.state().requests)
    end
    assert.is_true(interrupted > 7)
  end)
end)

describe("a first call that is interrupted", function()
  local simulator

  setup(function()
    simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, auto_create = true }
    simulator.set { projects = { [PROJECT] = { name = "cn-north-4" } } }
  end)
  teardown(function() simulator.stop() end)

  -- It gets a key from the instance's metadata, tries it out, and looks the project up.
  for name, call in pairs {
    enable = function(client) return client:enable "one" end,
    trigger_all = function(client) return client:trigger_all({ "one", "two" }, "enable") end,
  } do
    it("holds nothing back from the next one: " .. name, function()
      local count, is_over = 500, false
      while not is_over do
        local client = safe.client { endpoint = simulator.url, metadata_endpoint = simulator.url,
          iam_endpoint = simulator.url, region = "cn-north-4", metadata = true, proxy = "", loop = "blocking" }
        pcall(interrupt, count, function()
          assert(call(client))
          is_over = true
        end)
        local report = client:trigger_all({ "one" }, "enable", { concurrency = 2 })
        assert.are.same({ 1, 0 }, { report.succeeded, report.failed }, ("at instruction %d: %s"):format(count,
          tostring(report)))
        client:close()
        count = count + 61
      end
      assert.is_true(count > 2000, count)
    end)
  end
end)
