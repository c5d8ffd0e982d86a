--- Proves, to the second, how a window waits for late calls, and that it survives a failing disk.

local errors = require "aom.util.errors"
local methods = require "aom.client.methods"
local two_workflows = require "spec.support.two_workflows"

local FILE = two_workflows.FILE

describe("a maintenance window", function()
  local scene, world, service
  local function open(...) return scene.open(...) end
  local function pause(...) return scene.pause(...) end
  local function resume(...) return scene.resume(...) end
  local function die_while_pausing(...) return scene.die_while_pausing(...) end

  before_each(function()
    scene = two_workflows.new()
    world, service = scene.world, scene.service
  end)

  describe("and calls that end late:", function()
    it("are waited for right after a kill, for the attempt_timeout of the pausing client", function()
      die_while_pausing(15)
      local resumed, err, loop = resume()
      assert.is_nil(err)
      assert.are.same({ 20 }, loop.slept)
      assert.are.same({ a = "enable", b = "enable" }, service.status)
      assert.are.equal(2, resumed.resumed)
      assert.are.equal("b", resumed.noticed[1].id)
      assert.matches("disabled late", resumed.noticed[1].note)
    end)

    it("are waited for while the others are already enabled", function()
      die_while_pausing(15)
      local state, loop = open()
      local during
      local sleep = loop.sleep
      function loop.sleep(seconds)
        during = { a = service.status.a, b = service.status.b }
        sleep(seconds)
      end
      assert(methods.resume(state, FILE))
      assert.are.same({ a = "enable", b = "enable" }, during)
    end)

    -- Clocks of two machines differ by an unknown amount.
    for name, shift in pairs { ["30 s slow"] = -30, ["an hour slow"] = -3600, ["an hour fast"] = 3600,
      ["a day fast"] = 86400, ["right"] = 0 } do
      for later, passed in pairs { ["at once"] = 0, ["two minutes later"] = 120 } do
        it(("are waited for from the start of resume, %s, by a clock that is %s"):format(later, name), function()
          die_while_pausing(passed + 19)
          world.advance(passed)
          local time = world.time
          function world.time() return time() + shift end
          local resumed, _, loop = resume()
          assert.are.same({ 20 }, loop.slept)
          assert.are.same({ a = "enable", b = "enable" }, service.status)
          assert.are.equal(2, resumed.resumed)
        end)
      end
    end

    it("are waited for as long as settle_timeout says", function()
      die_while_pausing(3)
      local _, _, loop = resume { settle_timeout = 5 }
      assert.are.same({ 5 }, loop.slept)
      assert.are.equal("enable", service.status.b)
    end)

    for name, value in pairs { negative = -1, ["no number"] = "5", ["not a number"] = 0 / 0, endless = math.huge } do
      it("are not waited for a time that is " .. name, function()
        die_while_pausing(3)
        local _, err = resume { settle_timeout = value }
        assert.are.equal("argument", err.kind)
        assert.matches("settle_timeout: expected a finite number of seconds, 0 or more", err.message)
        assert.are.equal(0, scene.looks)
      end)
    end

    it("need no second look if every call was answered", function()
      local state = open()
      local paused = assert(methods.pause(state, { match = ".", file = FILE }))
      scene.looks = 0
      local resumed, _, loop = resume()
      assert.are.equal(2, paused.paused)
      assert.are.equal(2, resumed.resumed)
      assert.are.equal(1, scene.looks)
      assert.are.same({}, loop.slept)
    end)

    -- What comes of the first attempt to disable b: an answer, or why there is none.
    for title, row in pairs {
      ["those whose answer was lost"] = { trouble = { kind = "network", message = "reset", sent = true },
        waits = true },
      ["those that took too long"] = { trouble = { kind = "timeout", message = "late", sent = true }, waits = true },
      ["those that a gateway gave up"] = { status = 504, waits = true },
      ["those that failed"] = { status = 500, waits = true },
      ["none that never left"] = { trouble = { kind = "network", message = "out of memory", sent = false } },
      ["none that came too early"] = { status = 429 },
      ["none whose clock was wrong"] = { status = 401, body = '{"error_code":"APIGW.0301","error_msg":"signature '
        .. 'expired, server time: 20200101T000000Z"}' },
    } do
      it("include " .. title, function()
        local state, loop = open { attempt_timeout = 10 }
        local fetch, failed = loop.fetch, false
        function loop.fetch(attempt, ...)
          if failed or not attempt.path:find "/workflow/b/trigger" then return fetch(attempt, ...) end
          failed = true
          if row.trouble then return nil, row.trouble end
          return { status = row.status, headers = {}, body = row.body or "" }
        end
        assert.are.equal(2, assert(methods.pause(state, { match = ".", file = FILE })).paused)
        assert.is_true(failed)
        local _, _, resuming = resume()
        assert.are.same(row.waits and { 10 } or {}, resuming.slept)
      end)
    end

    it("include those of repeated attempts", function()
      service.lost.b = 2
      local state = open { attempt_timeout = 10 }
      assert.are.equal(2, assert(methods.pause(state, { match = ".", file = FILE })).paused)
      local _, _, loop = resume()
      assert.are.same({ 10 }, loop.slept)
      assert.are.same({ a = "enable", b = "enable" }, service.status)
    end)

    -- The client's options, and what keeps it from another attempt once b's call has left.
    local function keys_for_a_while()
      local asked = 0
      return function()
        asked = asked + 1
        if asked > 1 then return nil, errors.new("credentials", "refused", { status = 403 }) end
        return { ak = "SHORTLIVED", sk = "s", expires_at = world.time() + 1000 }
      end
    end
    for title, row in pairs {
      ["the key is refused"] = { function() return {} end, function(state, loop)
        local refusal = errors.new("service", "no", { status = 401 })
        for _ = 1, 2 do state.credentials.current.record:refuse(loop, nil, refusal) end
      end },
      ["no credentials can be had"] = { function()
        return { ak = false, sk = false, credentials = keys_for_a_while() }
      end, function() world.advance(1001) end },
    } do
      it("include one after which " .. title, function()
        service.lost.b = 5
        local options = row[1]()
        options.attempt_timeout, options.timeout = 20, 5000
        local state, loop = open(options)
        local fetch = loop.fetch
        function loop.fetch(attempt, ...)
          local answer, trouble = fetch(attempt, ...)
          if trouble then row[2](state, loop) end
          return answer, trouble
        end
        local paused, err = methods.pause(state, { match = ".", file = FILE, concurrency = 1 })
        assert.is_nil(paused)
        assert.are.equal("pausing", err.paused.workflows[2].state)
        state, loop = open { ak = "ANOTHERKEY" }
        assert.are.equal(2, assert(methods.resume(state, FILE)).resumed)
        assert.are.same({ a = "enable", b = "enable" }, service.status)
      end)
    end

    it("are still waited for by a resume after an interrupted one", function()
      die_while_pausing(15)
      local state, loop = open()
      function loop.sleep() error("SIGKILL", 0) end
      assert.has_error(function() methods.resume(state, FILE) end, "SIGKILL")
      assert.matches('"stage": "resuming"', world.files[FILE])
      local _, _, second = resume()
      assert.are.same({ 20 }, second.slept)
      assert.are.same({ a = "enable", b = "enable" }, service.status)
      assert.matches('"stage": "resumed"', world.files[FILE])
      assert.is_nil(world.files[FILE]:find "unsettled")
    end)

    it("do not matter to a workflow that is deleted meanwhile", function()
      die_while_pausing(100)
      local state, loop = open()
      local sleep = loop.sleep
      function loop.sleep(seconds)
        service.status.b = nil
        sleep(seconds)
      end
      local resumed = assert(methods.resume(state, FILE))
      assert.are.equal(1, resumed.gone)
      assert.are.equal(1, resumed.resumed)
    end)

    it("do not matter to a workflow that was deleted just now", function()
      die_while_pausing(0)
      service.missing = "b"
      local resumed, _, loop = resume()
      assert.are.equal(1, resumed.gone)
      assert.are.same({}, loop.slept)
    end)

    it("are ignored by a dry run", function()
      die_while_pausing(15)
      local before = world.files[FILE]
      local _, _, loop = resume { dry_run = true }
      assert.are.same({}, loop.slept)
      assert.are.equal(before, world.files[FILE])
    end)
  end)

  describe("and a disk that fails:", function()
    local write_file

    --- From the save with this number on, until `fixed()`.
    local function fail_from(number)
      local saved = 0
      write_file = world.write_file
      function world.write_file(...)
        saved = saved + 1
        if saved >= number then return nil, FILE .. " cannot be written: No space left on device" end
        return write_file(...)
      end
    end

    local function fixed() world.write_file = write_file end

    for number = 1, 7 do
      it("disables nothing that is not recorded, from save " .. number .. " on", function()
        fail_from(number)
        local paused, err = pause { concurrency = 1 }
        if paused then return assert.is_true(number > 6) end
        assert.are.equal("config", err.kind)
        assert.matches("paused.json cannot be written: No space left on device", err.message)
        local text = world.files[FILE] or ""
        for _, id in ipairs { "a", "b" } do
          if service.status[id] == "disable" then
            local state = text:match('[^\n]*"id":"' .. id .. '"[^\n]*'):match '"state":"(%a+)"'
            assert.is_true(state == "pausing" or state == "paused", state)
          end
        end
        assert.are.equal(number > 1, err.paused ~= nil)
        if not err.paused then return end
        local off = 0
        for _, status in pairs(service.status) do off = off + (status == "disable" and 1 or 0) end
        assert.are.equal(off, err.paused.paused)
        fixed()
        assert.are.equal(off, methods.resume((open()), err.paused).resumed)
        assert.are.same({ a = "enable", b = "enable" }, service.status)
      end)
    end

    for number = 1, 5 do
      it("enables everything, recorded or not, from save " .. number .. " on", function()
        die_while_pausing(15)
        service.status.a = "disable"
        fail_from(number)
        local resumed, err, loop = resume()
        assert.are.same({ a = "enable", b = "enable" }, service.status)
        assert.are.same({ 20 }, loop.slept)
        assert.is_nil(resumed)
        assert.are.equal("config", err.kind)
        assert.is_true(err.retryable)
        assert.matches("^the paused workflows are enabled again, but .*No space left on device$", err.message)
        assert.matches('^the file still records the stage "%a+"; resume can be repeated$', err.hint)
        assert.are.equal(2, err.paused.resumed)
        fixed()
        assert.are.equal(2, assert((resume { settle_timeout = 0 })).resumed)
        assert.matches('"stage": "resumed"', world.files[FILE])
      end)
    end

    for name, lose in pairs {
      ["is gone"] = function() world.files[FILE] = nil end,
      ["cannot be read"] = function() function world.read_file(path) return nil, path .. ": Input/output error" end end,
      ["is empty"] = function() world.files[FILE] = "" end,
      ["is cut short"] = function() world.files[FILE] = world.files[FILE]:sub(1, 150) end,
      ["is another program's"] = function() world.files[FILE] = '{"format":"other","workflows":[]}' end,
      ["is binary"] = function() world.files[FILE] = ("\255\0"):rep(100) end,
    } do
      it("does not matter to the caller that paused, if the file " .. name, function()
        local state = open()
        local paused = assert(methods.pause(state, { match = ".", file = FILE }))
        lose()
        local resumed, err = methods.resume(state, FILE)
        assert.is_nil(resumed)
        assert.is_truthy(err.message:find "cannot be read" or err.message:find "is not the file of", err.message)
        local other = open { project_id = ("f"):rep(32) }
        assert.is_nil((methods.resume(other, paused)))
        assert.are.same({ a = "disable", b = "disable" }, service.status)
        assert.are.equal(2, methods.resume(state, paused).resumed)
        assert.are.same({ a = "enable", b = "enable" }, service.status)
        assert.is_true(methods.resume(state, paused).already)
      end)
    end

    it("does not resume a window that has ended", function()
      local state = open()
      local paused = assert(methods.pause(state, { match = ".", file = FILE }))
      assert(methods.resume(state, FILE))
      world.files[FILE] = nil
      service.status.a = "disable"
      local again = methods.resume(state, paused)
      assert.is_true(again.already)
      assert.are.equal("disable", service.status.a)
    end)
  end)
end)
