--- Proves that any request waits in libuv's loop as a call does, and that closing a derived client ends its own
--- calls alone.

local any_requests = require "spec.support.any_requests"
local process = require "spec.support.process"
local uv = require "luv"
local aom = require "aom"
local safe = require "aom.safe"

local PROJECT = ("0123456789abcdef"):rep(2)

describe("under libuv", function()
  local simulator, options

  setup(function()
    simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, workflows = { "w" } }
    options = { endpoint = simulator.url, project_id = PROJECT, ak = "A", sk = "S", proxy = "", loop = "uv" }
  end)
  teardown(function() simulator.stop() end)
  before_each(function()
    simulator.reset()
    simulator.set(any_requests.settings)
  end)

  it("every method ends at once, with all headers, in a coroutine", function()
    simulator.script(any_requests.script)
    local c, results = safe.client(options), nil
    coroutine.wrap(function() results = any_requests.run(c) end)()
    assert.is_nil(results)
    uv.run()
    assert.are.same(any_requests.expected, results)
    c:close()
  end)

  it("many requests call back", function()
    local c, list, report = aom.client(options), {}, nil
    for i = 1, 20 do list[i] = { method = "GET", path = "/" .. i } end
    c:request_all(list, function(_, result) report = result end)
    uv.run()
    assert.are.equal(20, report.succeeded)
    assert.are.equal("/20", report[20].result.data.path)
    c:close()
  end)

  -- What runs in a derived client when it is closed, and in its parent.
  local function by_callback(c, note) c:enable("w", function(err) note(err) end) end

  local function by_coroutine(c, note)
    coroutine.wrap(function()
      local ok, err = c:enable "w"
      note(not ok and err or nil)
      -- The coroutine is not what was cancelled.
      if err then note(select(2, safe.client(options):enable "w")) end
    end)()
  end

  local function by_bulk(c, note)
    c:trigger_all({ "w", "v" }, "enable", { concurrency = 1 }, function(_, report) note(report[1].error) end)
  end

  for name, begin in pairs { ["callbacks"] = by_callback, ["coroutines"] = by_coroutine, ["bulks"] = by_bulk } do
    it("closing a derived client ends its own calls alone: " .. name, function()
      simulator.set { latency = 0.4 }
      local c = safe.client(options)
      local first, second = c:with { timeout = 20 }, c:with { timeout = 20 }
      local nested = first:with {}
      local ends, order = {}, {}
      for label, one in pairs { parent = c, first = first, nested = nested, second = second } do
        ends[label] = {}
        begin(one, function(err)
          table.insert(ends[label], err and err.kind or "done")
          order[#order + 1] = err and "cancelled" or "done"
        end)
      end
      local timer = uv.new_timer()
      uv.timer_start(timer, 50, 0, function()
        uv.close(timer)
        first:close()
      end)
      uv.run()
      c:close()
      local after = name == "coroutines" and "cancelled done" or "cancelled"
      local told = {}
      for label, list in pairs(ends) do told[label] = table.concat(list, " ") end
      assert.are.same({ "cancelled", "cancelled" }, { order[1], order[2] })
      assert.are.same({ parent = "done", first = after, nested = after, second = "done" }, told)
    end)
  end

  it("closing a parent ends the calls of all that were made from it", function()
    simulator.set { latency = 0.3 }
    local c, kinds = aom.client(options), {}
    local function note(err) kinds[#kinds + 1] = err and err.kind end
    c:with({}):with({}):enable("w", note)
    c:with({}):enable("w", note)
    c:enable("w", note)
    c:close()
    uv.run()
    assert.are.same({ "cancelled", "cancelled", "cancelled" }, kinds)
  end)
end)
