--- What a maintenance window does about calls that may still be under way at the service,
--- to the second; and about files, locks and disks that are not as they should be.

local cjson = require "cjson"
local client = require "aom.client"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"
local system = require "aom.system"
local world_of = require "spec.support.world"

local FILE = "paused.json"

describe("a maintenance window", function()
  local world, service, looks

  --- The service as an answer of a scripted loop. A call to a workflow that is in
  --- `service.lost` is carried out `delay` seconds later, and nobody hears of it.
  local function serve(attempt, _, loop)
    for _, late in ipairs(service.late) do
      if loop.now() >= late.at then service.status[late.id], late.at = "disable", math.huge end
    end
    local id = attempt.path:match "/workflow/(%w+)/trigger"
    if not id then
      looks = looks + 1
      local list = {}
      for _, name in ipairs { "a", "b" } do
        if service.status[name] then
          local workflow = { id = name, name = name, type = "cron", trigger_status = service.status[name] }
          for field, value in pairs(service.seen and service.seen[name] or {}) do workflow[field] = value end
          list[#list + 1] = workflow
        end
      end
      return { status = 200, headers = {}, body = cjson.encode { elements = list, total_elements = #list } }
    end
    local action = attempt.query[1][2]
    if action == "disable" and service.lost[id] then
      service.late[#service.late + 1] = { id = id, at = loop.now() + service.lost[id] }
      service.lost[id] = nil
      return nil, { kind = "timeout", message = "timed out", sent = true }
    end
    if service.missing == id then return { status = 404, headers = {}, body = "{}" } end
    service.status[id] = action
    return { status = 200, headers = {}, body = '{"success"}' }
  end

  local function open(options)
    local loop = scripted.new(world, { serve })
    return assert(client.open(scripted.options(loop, options), world)), loop
  end

  before_each(function()
    looks = 0
    world = world_of.new()
    service = { status = { a = "enable", b = "enable" }, lost = {}, late = {} }
  end)

  --- The process dies as soon as workflow b's call has left.
  local function die_while_pausing(delay)
    service.lost.b = delay
    local state, loop = open { attempt_timeout = 20 }
    local fetch = loop.fetch
    function loop.fetch(attempt, ...)
      local answer, trouble = fetch(attempt, ...)
      if trouble then error("SIGKILL", 0) end
      return answer
    end
    assert.has_error(function() client.methods.pause(state, { match = ".", file = FILE }) end, "SIGKILL")
    looks = 0
  end

  local function resume(options)
    local state, loop = open()
    local resumed, err = client.methods.resume(state, FILE, options)
    return resumed, err, loop
  end

  describe("and calls that end late:", function()
    it("are waited for right after a kill, as long as an attempt of who paused may take", function()
      die_while_pausing(15)
      local resumed, err, loop = resume()
      assert.is_nil(err)
      assert.are.same({ 20 }, loop.slept)
      assert.are.same({ a = "enable", b = "enable" }, service.status)
      assert.are.equal(2, resumed.resumed)
      assert.are.equal("b", resumed.noticed[1].id)
      assert.matches("disabled late", resumed.noticed[1].note)
    end)

    it("are waited for while the others are on already", function()
      die_while_pausing(15)
      local state, loop = open()
      local during
      local sleep = loop.sleep
      function loop.sleep(seconds)
        during = { a = service.status.a, b = service.status.b }
        sleep(seconds)
      end
      assert(client.methods.resume(state, FILE))
      assert.are.same({ a = "enable", b = "enable" }, during)
    end)

    -- Clocks of two machines differ, and nothing tells by how much.
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

    it("are waited for as long as the caller wants", function()
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
        assert.matches("settle_timeout: expected a number of seconds, 0 or more", err.message)
        assert.are.equal(0, looks)
      end)
    end

    it("need no second look when every call was answered", function()
      local state = open()
      local paused = assert(client.methods.pause(state, { match = ".", file = FILE }))
      looks = 0
      local resumed, _, loop = resume()
      assert.are.equal(2, paused.paused)
      assert.are.equal(2, resumed.resumed)
      assert.are.equal(1, looks)
      assert.are.same({}, loop.slept)
    end)

    it("are also those of attempts that were repeated", function()
      service.lost.b = 2
      local state = open { attempt_timeout = 10 }
      assert.are.equal(2, assert(client.methods.pause(state, { match = ".", file = FILE })).paused)
      local _, _, loop = resume()
      assert.are.same({ 10 }, loop.slept)
      assert.are.same({ a = "enable", b = "enable" }, service.status)
    end)

    it("are still waited for by a resume after one that was cut off", function()
      die_while_pausing(15)
      local state, loop = open()
      function loop.sleep() error("SIGKILL", 0) end
      assert.has_error(function() client.methods.resume(state, FILE) end, "SIGKILL")
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
      local resumed = assert(client.methods.resume(state, FILE))
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

    it("are left alone by a dry run", function()
      die_while_pausing(15)
      local before = world.files[FILE]
      local _, _, loop = resume { dry_run = true }
      assert.are.same({}, loop.slept)
      assert.are.equal(before, world.files[FILE])
    end)
  end)

  local function pause(options)
    local all = { match = ".", file = FILE }
    for name, value in pairs(options or {}) do all[name] = value end
    return client.methods.pause((open()), { match = all.match, file = all.file, concurrency = all.concurrency,
      detach = all.detach })
  end

  describe("and its journal:", function()
    -- As the library wrote it before the journal was kept from locales.
    local BEFORE = [[
{
  "format": "lua-aom window 1",
  "project_id": "0123456789abcdef0123456789abcdef",
  "endpoint": "https:\/\/aom.example.com",
  "begun": 1767323045,
  "settled_by": 1767323178,
  "patience": %s,
  "stage": "paused",
  "workflows": [
    {"state":"paused","seen":{"update_by":"5, 6","name":"na\"me 7,8","update_time":1764028800123},"id":"a","name":"a"},
    {"id":"b","state":"paused","seen":{"update_by":"5, 6","name":"b"},"unsettled":true,"name":"b \\"}
  ]
}
]]

    local function see_off()
      service.status = { a = "disable", b = "disable" }
      service.seen = { a = { update_by = "5, 6", name = 'na"me 7,8', update_time = 1764028800123 },
        b = { update_by = "5, 6", name = "b" } }
    end

    for patience, seconds in pairs { ["12.5"] = 12.5, ["30"] = 30, ["0.25"] = 0.25, ["0,5"] = 0.5 } do
      it("is read as it was written before, with a patience of " .. patience, function()
        see_off()
        world.files[FILE] = BEFORE:format(patience)
        local resumed, err, loop = resume()
        assert.is_nil(err)
        assert.are.same({ seconds }, loop.slept)
        assert.are.equal(2, resumed.resumed)
        assert.are.same({}, resumed.noticed)
        assert.are.equal('b \\', resumed.workflows[2].name)
      end)
    end

    it("notices an edit by a time of it", function()
      see_off()
      service.seen.a.update_time = 1764028800124
      world.files[FILE] = BEFORE:format "0.1"
      assert.are.equal("a", resume().noticed[1].id)
    end)

    it("remembers how workflows looked, whatever their numbers", function()
      service.seen = { a = { update_time = 1764028800.25, name = "a", update_by = "x" }, b = { update_time = 2 ^ 60 } }
      assert(pause())
      assert.are.same({}, resume().noticed)
    end)

    it("is saved and read in any locale, set at any moment", function()
      local directory = process.run("mktemp -d"):gsub("%s+$", "")
      local _, code = process.run(("localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 2>&1"):format(process.quote(directory)))
      if code ~= 0 then
        process.run("rm -rf " .. process.quote(directory))
        return pending "localedef cannot make a locale here"
      end
      local chunk = process.temporary(([[
        local BEFORE = %q
        local cjson, journal = require "aom.json", require "aom.window.journal"
        local numbers = require "aom.window.numbers"
        local world = require("spec.support.world").new()
        local state = { system = world, settings = { project_id = ("0123456789abcdef"):rep(2), attempt_timeout = 0.25,
          endpoint = { base = "https://aom.example.com" } } }
        local function german(when)
          return function(now) os.setlocale(now >= when and "de_DE.UTF-8" or "C") end
        end
        assert(os.setlocale "de_DE.UTF-8" and not ("%%.1f"):format(0.5):find("0.5", 1, true) or jit)
        for when = 1, 4 do
          local now = german(when)
          now(1)
          if when %% 2 == 0 then cjson.encode(0.5) end
          now(2)
          local seen = { update_time = numbers.text(1764028800.25), name = "5,5" }
          local saved = journal.new(state, "f", { { id = "a,1", name = "1, 2.5", state = "paused", seen = seen } })
          assert(saved:save())
          now(3)
          for _, text in ipairs { world.files.f, BEFORE:format "0.25" } do
            world.files.g = text
            local loaded = assert(journal.load(state, "g"))
            assert(loaded.patience == 0.25)
            local at = loaded.workflows[1].seen.update_time
            assert(at == numbers.text(text == world.files.f and 1764028800.25 or 1764028800123), at)
            assert(loaded:save())
            assert(journal.load(state, "g").patience == 0.25)
          end
          print(when, (world.files.f:match "patience[^\n]*"))
        end
      ]]):format(BEFORE))
      local output = process.run(("env LOCPATH=%s LUA_PATH=%s LUA_CPATH=%s %s %s 2>&1"):format(process.quote(directory),
        process.quote(package.path), process.quote(package.cpath), process.interpreter, process.quote(chunk)))
      os.remove(chunk)
      process.run("rm -rf " .. process.quote(directory))
      local line = '\tpatience": 0.250000,\n'
      assert.are.equal("1" .. line .. "2" .. line .. "3" .. line .. "4" .. line, output)
    end)

    for name, text in pairs {
      ["no patience"] = '{"format":"lua-aom window 1","stage":"paused","workflows":[]}',
      ["a patience that is no number"] = '{"format":"lua-aom window 1","stage":"paused","patience":"x","workflows":[]}',
      ["a text that does not end"] = '{"format":"lua-aom window 1","stage":"pau',
      ["an escape at its end"] = '{"format":"lua-aom window 1","stage":"pau\\',
      ["numbers alone"] = "1, 2.5, -3e+7",
    } do
      it("is none with " .. name, function()
        world.files[FILE] = text
        local resumed, err = resume()
        assert.is_nil(resumed)
        assert.matches("is not the journal of a maintenance window", err.message)
        assert.are.equal(text, world.files[FILE])
      end)
    end
  end)

  describe("and its lock:", function()
    --- Somebody has it for the first `count` times that it is asked for.
    local function had_by(owner, count)
      local lock_file, asked = world.lock_file, 0
      function world.lock_file(path)
        asked = asked + 1
        if asked <= count then return nil, "somebody has it", owner end
        return lock_file(path)
      end
    end

    local function resume_paused(options)
      return client.methods.resume((open()), FILE, options)
    end

    for name, case in pairs {
      ["another process"] = { { pid = 7, host = "web1" }, "paused.json: process 7 on web1 is still running and holds" },
      ["nobody knows who"] = { {}, "paused.json: another process is still running and holds its window" },
      ["this process"] = { "self", "paused.json: this process is pausing or resuming its window just now" },
    } do
      it("keeps a window from being begun: " .. name, function()
        had_by(case[1], math.huge)
        local paused, err = pause()
        assert.is_nil(paused)
        assert.are.equal("argument", err.kind)
        assert.is_truthy(err.message:find(case[2], 1, true), err.message)
        assert.are.equal(0, looks)
        assert.is_nil(world.files[FILE])
      end)

      it("keeps a window from being ended, unless that is forced: " .. name, function()
        assert(pause())
        looks = 0
        had_by(case[1], math.huge)
        local resumed, err = resume_paused()
        assert.is_nil(resumed)
        assert.are.equal("argument", err.kind)
        assert.is_truthy(err.message:find(case[2], 1, true), err.message)
        assert.are.equal(case[1] ~= "self", (err.hint or ""):find("force = true", 1, true) ~= nil)
        assert.are.equal(0, looks)
        assert.are.equal(2, resume_paused({ force = true }).resumed)
        assert.is_true(resume_paused().already)
      end)

      it("is waited for a moment: " .. name, function()
        had_by(case[1], 3)
        assert(pause())
        had_by(case[1], 3)
        assert.are.equal(2, resume_paused().resumed)
      end)
    end

    it("is not waited for by a call that is cancelled", function()
      had_by({ pid = 7, host = "web1" }, math.huge)
      local state, loop = open()
      local handle
      function loop.spawn(body)
        loop.body = body
        return body
      end
      local sleep, caught = loop.sleep, nil
      function loop.sleep(seconds)
        sleep(seconds)
        handle:cancel()
      end
      handle = client.methods.pause(state, { match = ".", file = FILE }, function(err) caught = err end)
      loop.body()
      assert.are.equal("cancelled", caught.kind)
      assert.are.equal(1, #loop.slept)
    end)

    it("is needed to begin, but not to end", function()
      function world.lock_file(path) return nil, path .. ".lock cannot be created: No space left on device" end
      local paused, err = pause()
      assert.is_nil(paused)
      assert.are.equal("config", err.kind)
      assert.matches("paused.json.lock cannot be created: No space left on device", err.message)
      local broken = world.lock_file
      world.lock_file = world_of.new().lock_file
      assert(pause())
      world.lock_file = broken
      assert.are.equal(2, resume_paused().resumed)
      assert.matches("without a lock: paused.json.lock cannot be created", world.warnings[1])
    end)

    it("is gone without where a file system has none, with a warning", function()
      local lock_file = world.lock_file
      function world.lock_file(path) return lock_file(path), path .. ".lock cannot be locked: No locks available" end
      assert(pause())
      assert.are.equal(1, #world.warnings)
      assert.matches("^paused.json.lock cannot be locked: No locks available: another process could",
        world.warnings[1])
      assert.are.equal(2, resume_paused().resumed)
    end)

    for name, case in pairs {
      ["kept"] = { {}, "rest" }, ["not kept when it is detached"] = { { detach = true }, "release" },
      ["not kept where there are workers"] = { { workers = true }, "release" },
      ["kept where there are workers and somebody wants it"] = { { workers = true, detach = false }, "rest" },
    } do
      it("is " .. name, function()
        local lock_file, ended = world.lock_file, nil
        function world.has_workers() return case[1].workers or false end
        function world.lock_file(path)
          local lock = lock_file(path)
          function lock.rest() ended = "rest" end
          function lock.release() ended = "release" end
          return lock
        end
        local state = open()
        assert(client.methods.pause(state, { match = ".", file = FILE, detach = case[1].detach }))
        assert.are.equal(case[2], ended)
        client.methods.close(state)
        assert.are.equal("release", ended)
      end)
    end

    it("is not kept in nginx, whose workers are many", function()
      local before = rawget(_G, "ngx")
      rawset(_G, "ngx", nil)
      local outside = system.has_workers()
      rawset(_G, "ngx", {})
      local inside = system.has_workers()
      rawset(_G, "ngx", before)
      assert.is_false(outside)
      assert.is_true(inside)
    end)

    it("is not all: what somebody else has created meanwhile is left alone", function()
      local read_file = world.read_file
      function world.read_file(path)
        local text, why, absent = read_file(path)
        world.files[FILE] = "somebody else's"
        return text, why, absent
      end
      local paused, err = pause()
      assert.is_nil(paused)
      assert.are.equal("argument", err.kind)
      assert.matches("paused.json was created by somebody else meanwhile", err.message)
      assert.are.equal("somebody else's", world.files[FILE])
      assert.are.same({ a = "enable", b = "enable" }, service.status)
    end)
  end)

  describe("and a disk that fails:", function()
    local write_file

    --- From the saving with this number on, and until `fixed()`.
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
      it("disables nothing that is not written down, from saving " .. number .. " on", function()
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
        assert.are.equal(off, client.methods.resume((open()), err.paused).resumed)
        assert.are.same({ a = "enable", b = "enable" }, service.status)
      end)
    end

    for number = 1, 5 do
      it("enables everything, whether that can be written down or not, from saving " .. number .. " on", function()
        die_while_pausing(15)
        service.status.a = "disable"
        fail_from(number)
        local resumed, err, loop = resume()
        assert.are.same({ a = "enable", b = "enable" }, service.status)
        assert.are.same({ 20 }, loop.slept)
        assert.is_nil(resumed)
        assert.are.equal("config", err.kind)
        assert.is_true(err.retryable)
        assert.matches("^what was paused is enabled again, but .*No space left on device$", err.message)
        assert.matches('^the file still says "%a+"; client:resume%(file%) can be repeated$', err.hint)
        assert.are.equal(2, err.paused.resumed)
        fixed()
        assert.are.equal(2, assert((resume { settle_timeout = 0 })).resumed)
        assert.matches('"stage": "resumed"', world.files[FILE])
      end)
    end

    for name, lose in pairs {
      ["is gone"] = function() world.files[FILE] = nil end,
      ["cannot be read"] = function() function world.read_file(path) return nil, path .. ": Input/output error" end end,
    } do
      it("is no matter to who knows what was paused, when the file " .. name, function()
        local state = open()
        local paused = assert(client.methods.pause(state, { match = ".", file = FILE }))
        lose()
        local resumed, err = client.methods.resume(state, FILE)
        assert.is_nil(resumed)
        assert.matches("cannot be read", err.message)
        local other = open { project_id = ("f"):rep(32) }
        assert.is_nil((client.methods.resume(other, paused)))
        assert.are.same({ a = "disable", b = "disable" }, service.status)
        assert.are.equal(2, client.methods.resume(state, paused).resumed)
        assert.are.same({ a = "enable", b = "enable" }, service.status)
        assert.is_true(client.methods.resume(state, paused).already)
      end)
    end

    it("does not make a window of one that has ended", function()
      local state = open()
      local paused = assert(client.methods.pause(state, { match = ".", file = FILE }))
      assert(client.methods.resume(state, FILE))
      world.files[FILE] = nil
      service.status.a = "disable"
      local again = client.methods.resume(state, paused)
      assert.is_true(again.already)
      assert.are.equal("disable", service.status.a)
    end)
  end)
end)
