--- Proves that bulk and maintenance windows get complete lists, or an error, from services that page
--- in unusual ways.

local aom = require "aom"
local cjson = require "cjson"
local process = require "spec.support.process"
local windows = require "spec.support.windows"

local PROJECT = ("0123456789abcdef"):rep(2)
local COUNT = 30

local function id_of(i) return ("wf-%02d"):format(i) end

for _, user in ipairs { "trigger_all", "pause" } do
  describe("at an odd service " .. user, function()
    local simulator, c, file

    setup(function() simulator = process.simulator { ak = "A", sk = "S", project = PROJECT } end)
    teardown(function() simulator.stop() end)
    before_each(function()
      simulator.reset()
      local workflows = {}
      for i = 1, COUNT do workflows[id_of(i)] = { name = "job-" .. i, trigger_status = "enable" } end
      simulator.set { workflows = workflows }
      file = os.tmpname()
      os.remove(file)
      c = aom.client { endpoint = simulator.url, project_id = PROJECT, ak = "A", sk = "S", proxy = "" }
    end)
    after_each(function()
      c:close()
      windows.remove(file)
    end)

    --- A page of the list with these workflows, in their current state.
    local function page(first, last, total, state)
      local elements = {}
      for i = first, last do
        elements[#elements + 1] = cjson.encode { id = id_of(i), name = "job-" .. i, type = "cron",
          trigger_status = state or "enable" }
      end
      return { match = "workflow-list", status = 200,
        body = ('{"elements":[%s],"total_elements":%d}'):format(table.concat(elements, ","), total) }
    end

    local function none() return { match = "workflow-list", status = 400 } end

    local function disabled()
      local count = 0
      for _, workflow in pairs(simulator.state().workflows) do
        if workflow.trigger_status == "disable" then count = count + 1 end
      end
      return count
    end

    --- One reading of the list: the responses to its requests.
    local looks = {
      ["counts pages from 0"] = function(state) return { page(1, 0, COUNT), page(1, COUNT, COUNT, state) } end,
      ["counts several pages from 0"] = function(state)
        return { page(11, 20, COUNT, state), page(21, 30, COUNT, state), page(1, 0, COUNT), page(1, 10, COUNT, state) }
      end,
      ["gives shorter pages than it was asked for"] = function(state)
        return { page(1, 20, COUNT, state), page(21, 30, COUNT, state) }
      end,
    }

    local function run(more)
      if user == "trigger_all" then return c:trigger_all({ match = "^job" }, "disable").succeeded end
      local all = { match = "^job", file = file, concurrency = COUNT }
      for name, value in pairs(more or {}) do all[name] = value end
      return c:pause(all).paused
    end

    for name, look in pairs(looks) do
      it("reaches all if the service " .. name, function()
        simulator.script(look())
        -- After its work `pause` reads the list again.
        if user == "pause" then simulator.script(look "disable") end
        assert.are.equal(COUNT, run())
        assert.are.equal(COUNT, disabled())
      end)
    end

    it("changes nothing if the list is incomplete", function()
      simulator.script { page(1, 20, COUNT), page(1, 0, COUNT), none() }
      local ok, err = pcall(run)
      assert.is_false(ok)
      assert.are.equal("protocol", err.kind)
      assert.matches("total of 30 and sent 20", err.message)
      assert.are.equal(0, disabled())
      assert.is_nil(io.open(file))
    end)

    if user == "pause" then
      it("can be resumed if the list lacks other workflows, but not if it lacks paused ones", function()
        assert.are.equal(COUNT, run())
        simulator.script { page(1, 29, COUNT, "disable"), page(1, 0, COUNT), none() }
        local ok, err = pcall(c.resume, c, file)
        assert.is_false(ok)
        assert.are.equal("protocol", err.kind)
        assert.are.equal(COUNT, disabled())
        simulator.script { page(1, COUNT, 99, "disable"), page(1, 0, 99), none() }
        local resumed = c:resume(file)
        assert.are.equal(COUNT, resumed.resumed)
        assert.are.equal(0, resumed.gone)
        assert.are.equal(0, disabled())
      end)
    end
  end)
end
